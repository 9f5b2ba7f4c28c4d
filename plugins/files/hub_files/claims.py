"""Whether files that nobody lists are of a model that this package knows. Names alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from hub.types import JSON

__all__ = ["is_language_model", "is_magika"]


def is_magika(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:  # noqa: ARG001 - as the contract calls it
    """A graph with Magika's own settings beside it."""
    names = {PurePosixPath(path).name for path in files}
    return {"model.onnx", "config.min.json", "content_types_kb.min.json"} <= names


def is_language_model(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:  # noqa: ARG001 - as above
    """A compressed fastText model that is called as those for languages are: `lid.176.ftz`."""
    found = [PurePosixPath(path).name for path in files if path.endswith(".ftz")]
    return len(found) == 1 and found[0].startswith("lid")
