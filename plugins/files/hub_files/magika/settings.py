"""Magika's own settings, as they lie beside its graph: sizes, labels, thresholds, and what is known of each type.

Knows nothing of files or of graphs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.errors import InferenceError
from hub.types import JSON

__all__ = ["Kind", "Settings", "read_settings"]

_SETTINGS, _KINDS = "config.min.json", "content_types_kb.min.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What is known of a type of file."""

    mime_type: str
    group: str
    description: str
    extensions: tuple[str, ...]
    is_text: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What the model was made with.

    Parameters
    ----------
    head_size, tail_size, block
        Bytes of each end that the graph takes, and that are read to find as many without blanks.
    least
        Bytes from which on the graph is asked.
    padding
        The number that stands where no byte is.
    labels
        Of the graph's scores, in their order.
    thresholds, usual
        The score from which on a label is believed, by label, and that of the others.
    replaced
        Labels of the graph that are given under another name.
    """

    head_size: int
    tail_size: int
    block: int
    least: int
    padding: int
    labels: tuple[str, ...]
    thresholds: Mapping[str, float]
    usual: float
    replaced: Mapping[str, str]
    kinds: Mapping[str, Kind]


def read_settings(folder: Path) -> Settings:
    """Read both files.

    Raises
    ------
    InferenceError
        One is missing, damaged, or asks for features that this version does not make.
    """
    content, kinds = _read(folder / _SETTINGS), _read(folder / _KINDS)
    try:
        if content["mid_size"] or content["use_inputs_at_offsets"]:
            raise InferenceError(
                f"{_SETTINGS} asks for bytes from the middle of files, as versions of Magika before 3 did",
                hint="Use a model of version 3: hub run magika FILE",
            )
        settings = Settings(
            head_size=int(content["beg_size"]),
            tail_size=int(content["end_size"]),
            block=int(content["block_size"]),
            least=int(content["min_file_size_for_dl"]),
            padding=int(content["padding_token"]),
            labels=tuple(content["target_labels_space"]),
            thresholds={str(label): float(value) for label, value in content["thresholds"].items()},
            usual=float(content["medium_confidence_threshold"]),
            replaced=dict(content["overwrite_map"]),
            kinds={label: _kind(label, known) for label, known in kinds.items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InferenceError(f"{_SETTINGS} or {_KINDS} in {folder} is damaged: {error!r}") from error
    unknown = {*settings.labels, *settings.replaced.values(), "txt", "unknown", "empty"} - set(settings.kinds)
    if unknown:
        raise InferenceError(f"{_KINDS} does not know {', '.join(sorted(unknown))}")
    return settings


def _kind(label: str, known: Mapping[str, JSON]) -> Kind:
    is_text, extensions = bool(known["is_text"]), known["extensions"]
    return Kind(
        mime_type=str(known["mime_type"] or ("text/plain" if is_text else "application/octet-stream")),
        group=str(known["group"] or "unknown"),
        description=str(known["description"] or label),
        extensions=tuple(map(str, extensions)) if isinstance(extensions, list) else (),
        is_text=is_text,
    )


def _read(path: Path) -> Any:  # Any: JSON
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InferenceError(f"{path} cannot be read: {error}") from error
