"""Names of the layers of OpenVINO IR.

OpenVINO numbers what nobody named, and counts on from all that the process made before: the same weights would give
other bytes each time.
"""

from __future__ import annotations

import re

__all__ = ["named_by_place"]

_MODEL = re.compile(r'(<net name="[A-Za-z]+)\d+"')
_LAYER = re.compile(r'(<layer id="(\d+)" name="\w+_)\d+')


def named_by_place(graph: str) -> str:
    """The XML of a graph, in which numbers in names are the places of the layers."""
    return _LAYER.sub(r"\g<1>\g<2>", _MODEL.sub(r'\1"', graph, count=1))
