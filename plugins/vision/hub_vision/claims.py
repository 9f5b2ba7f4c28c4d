"""Tells from file names and `config.json` whether an unlisted repository is a classifier of pictures."""

from __future__ import annotations

from collections.abc import Mapping

from hub.types import JSON

__all__ = ["classifies"]

_NEEDED = ("config.json", "preprocessor_config.json")


def classifies(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """Whether it has a head for image classification, and says how pictures are prepared."""
    heads = config.get("architectures")
    named = any("ForImageClassification" in str(head) for head in heads) if isinstance(heads, list) else False
    return named and all(name in files for name in _NEEDED)
