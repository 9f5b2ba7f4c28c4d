"""What is known of a variant before anything is downloaded or opened, read from its registry entry.

Knows nothing of backends and opens no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hub.plugin.specs import FormatSpec
from hub.types import JSON, Facts, WeightFile

if TYPE_CHECKING:
    from hub.registry.schema import Model, Variant

__all__ = ["facts_of", "matches", "parts_of", "weights_size"]


def facts_of(model: Model, variant: Variant, *, formats: Mapping[str, FormatSpec] | None = None) -> Facts:
    """Facts of a variant of an entry.

    Parameters
    ----------
    formats
        Format id to its spec, which tells weights from assets. Without it the built-in formats are known.

    Returns
    -------
    Facts
        `parts` holds weight files alone. `config` has `max_position_embeddings` also where only the entry's
        `context_length` says it.
    """
    files = variant.weights()
    config: dict[str, JSON] = dict(model.config)
    if model.context_length:
        config.setdefault("max_position_embeddings", model.context_length)
    known = builtin_formats() if formats is None else formats
    return Facts(
        task=model.task,
        family=model.family or str(config.get("model_type") or ""),
        format=variant.format,
        files=files,
        parts=parts_of(files, known.get(variant.format)),
        size=sum(file.size or 0 for file in files),
        config=config,
    )


def parts_of(files: Iterable[WeightFile], spec: FormatSpec | None) -> dict[str, tuple[str, ...]]:
    """Part name to the paths of its weights. Every file is a weight where the format is unknown."""
    parts: dict[str, list[str]] = {}
    for file in files:
        if spec is None or matches(file.path, spec.weights):
            parts.setdefault(file.part, []).append(file.path)
    return {name: tuple(paths) for name, paths in parts.items()}


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a relative path ends like one of the glob patterns: `*.onnx` matches `onnx/model.onnx`."""
    return any(PurePosixPath(path).match(pattern) for pattern in patterns)


def weights_size(facts: Facts) -> int:
    """Bytes of the weight files; of all files where no part says which they are."""
    weights = {path for paths in facts.parts.values() for path in paths}
    return sum(file.size or 0 for file in facts.files if file.path in weights) or facts.size


def builtin_formats() -> dict[str, FormatSpec]:
    """Formats that the core itself knows, without loading a plugin."""
    from hub.plugin.builtin import hub_formats

    return {spec.id: spec for spec in hub_formats()}
