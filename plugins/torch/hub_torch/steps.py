"""Steps of a recipe that torch does while it opens: dtypes, and weights in 8 or 4 bits by torchao. Facts alone.

torchao is an extra of this package, so whether it is there, and new enough, is told before anything is loaded. Imports
neither torch nor torchao.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from hub.plugin import LoadStep, Option
from hub.types import Facts, OptionValue

__all__ = ["DTYPES", "LOAD_STEPS", "QUANTIZED", "accepts", "bytes_per_weight", "matrix_weights"]

DTYPES: Mapping[str, str] = {"bf16": "bfloat16", "f16": "float16"}
"""Step to what is computed in."""

QUANTIZED = ("int8", "int4", "int8-dynamic")
"""Steps that torchao does."""

_LEAST = (0, 18)
_INSTALL = "pip install 'openmodelhub-torch[torchao]'"
_SCALE = 4  # bytes of a scale
_GROUP, _ROW = 32, 512  # weights that share one, where the options do not say it
_PLAIN = frozenset(
    {"albert", "bert", "camembert", "distilbert", "electra", "gpt2", "mpnet", "roberta", "vit", "xlm-roberta"}
)
"""Families whose feed-forward block has two matrices; the others have a third, the gate."""

_EXCLUDE = Option(
    name="exclude",
    type=str,
    many=True,
    help="Pattern of names of linear layers that stay as they are, such as *.layers.0.*",
)
_ACCEPTS = "hub_torch.steps:accepts"

LOAD_STEPS = (
    LoadStep(step="bf16", summary="Compute in bfloat16, where the device does."),
    LoadStep(step="f16", summary="Compute in float16, where the device does."),
    LoadStep(
        step="int8",
        options=(
            Option(
                name="group_size",
                type=int,
                min=16,
                help="Weights of a row that share a scale; without it a whole row does.",
            ),
            _EXCLUDE,
        ),
        accepts=_ACCEPTS,
        summary="8-bit weights of linear layers in memory, by torchao.",
    ),
    LoadStep(
        step="int4",
        options=(
            Option(name="group_size", type=int, default=_GROUP, min=32, max=128, help="Weights that share a scale."),
            _EXCLUDE,
        ),
        accepts=_ACCEPTS,
        summary="4-bit weights of linear layers in memory, by torchao.",
    ),
    LoadStep(
        step="int8-dynamic",
        options=(
            Option(
                name="reduce_range",
                type=bool,
                default=False,
                help="7 bits, for x86 CPUs without VNNI, where sums of 8-bit products overflow.",
            ),
            _EXCLUDE,
        ),
        accepts=_ACCEPTS,
        summary="8-bit weights of linear layers, activations rounded while it answers, by torchao.",
    ),
)


def accepts(facts: Facts, options: Mapping[str, OptionValue]) -> str | None:
    """Why torchao cannot put these weights into fewer bits here, or `None`."""
    missing = _missing()
    if missing:
        return missing
    if "torch" in facts.architectures:
        return "it is done to models of transformers, and this one is a module that a model plugin brings"
    if facts.config.get("quantization_config"):
        return "the weights are quantized already"
    group = options.get("group_size")
    if isinstance(group, int):
        if group & (group - 1):
            return f"groups of {group} weights: it takes powers of two"
        for name in ("hidden_size", "intermediate_size"):
            width = facts.config.get(name)
            if isinstance(width, int) and width % group:
                return f"groups of {group} do not divide rows of {width} weights"
    return None


def bytes_per_weight(step: str, options: object, used: int) -> float:
    """What a weight of a linear layer takes after a step, its share of scales and zero points included.

    Parameters
    ----------
    used
        Bytes of a number that is computed in: 4 bits are packed for 16-bit numbers alone.
    """
    given = options.get("group_size") if isinstance(options, Mapping) else None
    group = given if isinstance(given, int) else _GROUP if step == "int4" else _ROW
    if step == "int4":
        return 0.5 + 2 * used / group if used < _SCALE else 1 + (_SCALE + 1) / group
    return 1 + _SCALE / group


def matrix_weights(facts: Facts) -> int:
    """Weights of the linear layers of a transformer, the head that names words left out, to about a hundredth.

    0 where the config does not tell sizes.
    """
    width, layers, heads = (_number(facts, key) for key in ("hidden_size", "num_hidden_layers", "num_attention_heads"))
    if not (width and layers and heads):
        return 0
    size = _number(facts, "head_dim") or width // heads
    groups = _number(facts, "num_key_value_heads") or heads
    inner = _number(facts, "intermediate_size") or 4 * width
    forward = (2 if facts.family in _PLAIN else 3) * width * inner
    return layers * (2 * width * size * (heads + groups) + forward)


def _missing() -> str:
    """What to install; empty where torchao is there."""
    try:
        found = version("torchao")
    except PackageNotFoundError:
        return f"torchao is not installed: {_INSTALL}"
    if tuple(int(part) for part in found.split(".")[:2] if part.isdigit()) < _LEAST:
        return f"torchao {found} is installed, and {'.'.join(map(str, _LEAST))} is needed: {_INSTALL}"
    return ""


def _number(facts: Facts, name: str) -> int:
    value = facts.config.get(name)
    return value if isinstance(value, int) and value > 0 else 0
