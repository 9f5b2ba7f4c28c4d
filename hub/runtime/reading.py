"""Reads the data sets of the built-in tasks, and text files of the person in the same way. Knows nothing of models."""

from __future__ import annotations

import re
from pathlib import Path

from hub.runtime.transforms.data import read_lines

__all__ = ["documents", "sentences"]

_END = re.compile(r"""(?:(?<=[.!?])|(?<=[.!?]["')\]]))\s+(?=["'(\[]*[A-Z0-9])""")
_LEAST = 3
"""Words of a sentence; what is shorter beside others in a line is an initial or a number."""


def documents(paths: tuple[Path, ...]) -> list[str]:
    """Each line of text, as a language model reads it."""
    return read_lines(paths)


def sentences(paths: tuple[Path, ...]) -> list[str]:
    """Each sentence of each line, once, in order; a text whose script or punctuation has no such ends stays whole."""
    return list(dict.fromkeys(sentence for line in read_lines(paths) for sentence in _sentences(line)))


def _sentences(line: str) -> list[str]:
    found = [sentence.strip() for sentence in _END.split(line)]
    return [sentence for sentence in found if len(sentence.split()) >= _LEAST] or [line]
