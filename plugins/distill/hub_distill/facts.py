"""What comes out of a distillation, or why it cannot be done, from facts alone.

Imports no torch. Of a student that the person named, its `config.json` is read, as its facts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hub.errors import OptionError
from hub.types import JSON, Facts, OptionValue, WeightFile
from hub_distill.kinds import KINDS
from hub_distill.settings import read_settings
from hub_distill.shapes import evenly, inner_of, layers_of, made_smaller, number

__all__ = ["predict", "refusal"]

_WEIGHTS = "model.safetensors"
_MATRICES = 4  # of an attention block: queries, keys, values, output


def predict(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:
    """Facts of the student, or why there cannot be one."""
    reason = refusal(facts, options)
    if reason is not None:
        return reason
    student = options.get("student")
    if isinstance(student, Path):
        return _given(facts, student)
    layers, width = options.get("keep_layers"), options.get("keep_ffn")
    if layers is None and width is None:
        return facts
    had = layers_of(facts.config)[1]
    kept = evenly(int(layers), had) if isinstance(layers, int) else tuple(range(had))
    share = float(width) if isinstance(width, int | float) else None
    config = made_smaller(facts.config, kept, share)
    size = round(_weights(facts) * _share(facts.config, config))
    return _with_weights(facts, config, size)


def refusal(facts: Facts, options: Mapping[str, OptionValue]) -> str | None:
    """Why these weights cannot be distilled with these options, or `None`."""
    kind = KINDS.get(facts.task)
    if kind is None:
        return f"distillation is for models of texts ({', '.join(KINDS)}), not for {facts.task or 'an unknown task'}"
    if len(facts.parts) > 1:
        return f"it distils models of one part, and this one has {', '.join(map(repr, facts.parts))}"
    if facts.config.get("quantization_config"):
        return "the weights are quantized, and cannot be learnt: distil before the quantization"
    try:
        read_settings(options, kind)
    except OptionError as error:
        return f"{error.message}. {error.hint}".removesuffix(" ")
    return _unreducible(facts.config, options)


def _unreducible(config: Mapping[str, JSON], options: Mapping[str, OptionValue]) -> str | None:
    layers, width = options.get("keep_layers"), options.get("keep_ffn")
    _, had = layers_of(config)
    if isinstance(layers, int):
        if not had:
            return "its config does not say how many layers it has, so that keep_layers= cannot choose some"
        if layers > had:
            return f"it has {had} layers, and a student cannot have {layers}"
    if width is not None and not inner_of(config)[1]:
        return "its config does not say how wide its feed-forward blocks are, so that keep_ffn= cannot narrow them"
    if width is not None and not had:
        return "its config does not say how many layers it has, so that keep_ffn= cannot narrow them"
    return None


def _given(facts: Facts, student: Path) -> Facts | str:
    """Facts of a student in a folder of the person's."""
    try:
        config = json.loads((student / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return f"the student {student} has no config.json that can be read: {error}"
    family = config.get("model_type") if isinstance(config, dict) else None
    if not isinstance(family, str):
        return f"the config.json of the student {student} names no model_type"
    size = sum(path.stat().st_size for path in student.glob("*.safetensors"))
    if not size:
        return f"the student {student} has no safetensors weights"
    return replace(_with_weights(facts, config, size), family=family)


def _with_weights(facts: Facts, config: Mapping[str, JSON], size: int) -> Facts:
    """Facts with one weight file of that size in place of those that were there."""
    gone = {path for paths in facts.parts.values() for path in paths}
    assets = tuple(file for file in facts.files if file.path not in gone)
    part = next(iter(facts.parts), "")
    weights = WeightFile(path=_WEIGHTS, size=size, sha256=None, sources=(), part=part)
    total = size + sum(file.size or 0 for file in assets)
    return replace(facts, config=config, files=(*assets, weights), parts={part: (_WEIGHTS,)}, size=total)


def _weights(facts: Facts) -> int:
    named = {path for paths in facts.parts.values() for path in paths}
    return sum(file.size or 0 for file in facts.files if file.path in named) or facts.size


def _share(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> float:
    """Parameters after to before; embeddings and layers alone are counted."""
    return _parameters(after) / max(1, _parameters(before))


def _parameters(config: Mapping[str, JSON]) -> int:
    width = number(config, "hidden_size") or number(config, "dim") or number(config, "n_embd")
    gated = 3 if config.get("hidden_act") in {"silu", "swish", "gelu_pytorch_tanh"} else 2
    inner = inner_of(config)[1] or 4 * width
    embeddings = (number(config, "vocab_size") + number(config, "max_position_embeddings")) * width
    return embeddings + layers_of(config)[1] * (_MATRICES * width * width + gated * inner * width)
