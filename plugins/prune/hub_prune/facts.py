"""What comes out of pruning, or why it cannot be done, from facts alone. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hub.types import Facts, OptionValue, WeightFile
from hub_prune.families import AUTOS, FAMILIES
from hub_prune.settings import Settings, Weighed, read_settings
from hub_prune.shapes import Shape, config_after, family_after, shape_of

__all__ = ["GRAPH", "WEIGHTS", "asked_of", "predict", "predict_onnx", "weighed"]

WEIGHTS = "model.safetensors"
GRAPH = "model.onnx"
_F32 = 4
_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


def predict(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:
    """Facts of the pruned model in the Hugging Face layout, or why there cannot be one."""
    asked = asked_of(facts, options)
    if isinstance(asked, str):
        return asked
    shape, settings = asked
    if settings.groups and not FAMILIES[facts.family].head_dim:
        return (
            f"transformers has no config for a {facts.family} model with fewer heads of the same width, "
            "so that it comes as onnx"
        )
    family = family_after(settings.after(shape), facts.family)
    if family != facts.family and (facts.config.get("attention_bias") or facts.config.get("mlp_bias")):
        return (
            f"transformers takes {facts.family} models only with a number of heads that divides the hidden size, and "
            f"{settings.after(shape).heads} does not divide {shape.width}"
        )
    return replace(_made(facts, shape, settings, WEIGHTS), family=family)


def predict_onnx(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:
    """Facts of an encoder without some of its heads, as ONNX; or why that is not the way."""
    asked = asked_of(facts, options, onnx=True)
    if isinstance(asked, str):
        return asked
    shape, settings = asked
    if FAMILIES[facts.family].head_dim or not settings.groups:
        return "it stays safetensors"
    made = _made(facts, shape, settings, GRAPH)
    wider = _F32 // weighed(facts).each  # graphs are written in 32 bits
    return replace(made, format="onnx", size=made.size * wider)


def asked_of(facts: Facts, options: Mapping[str, OptionValue], *, onnx: bool = False) -> tuple[Shape, Settings] | str:
    """The shape of a model and what to remove from it, or why that cannot be."""
    layout = FAMILIES.get(facts.family)
    if layout is None:
        return f"it knows the layers of {', '.join(FAMILIES)}, not of {facts.family or 'a model without a model_type'}"
    if facts.task not in AUTOS:
        return f"it prunes models of texts ({', '.join(AUTOS)}), not for {facts.task or 'an unknown task'}"
    if len(facts.parts) > 1:
        return f"it prunes models of one part, and this one has {', '.join(map(repr, facts.parts))}"
    if facts.config.get("quantization_config"):
        return "the weights are quantized: prune before the quantization"
    shape = shape_of(facts.config, facts.family)
    if isinstance(shape, str):
        return shape
    heads = layout.head_dim
    settings = read_settings(options, shape, weighed(facts), heads=heads)
    if onnx and isinstance(settings, str) and not heads and options.get("size") is not None:
        settings = read_settings(options, shape, weighed(facts), heads=True)
    return settings if isinstance(settings, str) else (shape, settings)


def weighed(facts: Facts) -> Weighed:
    """Bytes of the weights, and of one number as the config says it is stored."""
    named = {path for paths in facts.parts.values() for path in paths}
    total = sum(file.size or 0 for file in facts.files if file.path in named) or facts.size
    said = facts.config.get("dtype") or facts.config.get("torch_dtype")
    return Weighed(total=total, each=_BYTES.get(said, 4) if isinstance(said, str) else 4)


def _made(facts: Facts, shape: Shape, settings: Settings, name: str) -> Facts:
    """Facts with one file of weights in place of those that were there."""
    after, weights = settings.after(shape), weighed(facts)
    size = max(0, weights.total - (shape.parameters - after.parameters) * weights.each)
    gone = {path for paths in facts.parts.values() for path in paths}
    assets = tuple(file for file in facts.files if file.path not in gone)
    made = WeightFile(path=name, size=size, sha256=None, sources=())
    return replace(
        facts,
        config=config_after(facts.config, shape, after),
        files=(*assets, made),
        parts={"": (name,)},
        size=size + sum(file.size or 0 for file in assets),
    )
