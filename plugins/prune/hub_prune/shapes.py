"""The numbers of a transformer that pruning changes, read from a config and written back to one. No library.

Knows nothing of which layer, head or channel goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.types import JSON

__all__ = ["Shape", "config_after", "family_after", "needs_other_family", "shape_of"]

_PER_LAYER = ("layer_types", "no_rope_layers")
_LIKE_LLAMA = "mistral"
_GATED = frozenset({"gemma", "llama", "mistral", "qwen2", "qwen3", "smollm3"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Sizes of a transformer whose layers are alike.

    Parameters
    ----------
    groups
        Heads of keys and values; each serves `heads / groups` heads of queries, and they can only go together.
    inner
        Feed-forward channels.
    """

    layers: int
    width: int
    heads: int
    groups: int
    head_dim: int
    inner: int
    gated: bool

    @property
    def per_group(self) -> int:
        """Heads of queries that share one of keys and values."""
        return self.heads // self.groups

    @property
    def parameters(self) -> int:
        """Weights in all layers, without norms and biases, which are few."""
        attention = 2 * self.width * self.head_dim * (self.heads + self.groups)
        return self.layers * (attention + (3 if self.gated else 2) * self.width * self.inner)

    def smaller(self, *, layers: int = 0, groups: int = 0, inner: int = 0) -> Shape:
        """The shape without that many layers, groups of heads, and channels."""
        kept = self.groups - groups
        return replace(
            self, layers=self.layers - layers, groups=kept, heads=kept * self.per_group, inner=self.inner - inner
        )


def shape_of(config: Mapping[str, JSON], family: str) -> Shape | str:
    """The shape that a config tells, or what it does not tell."""
    names = ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size")
    missing = [name for name in names if not _number(config, name)]
    if missing:
        return f"its config does not say {', '.join(missing)}"
    layers, width, heads, inner = (_number(config, name) for name in names)
    groups = _number(config, "num_key_value_heads") or heads
    if heads % groups:
        return f"its config says {heads} attention heads with {groups} key-value heads, which does not divide"
    return Shape(
        layers=layers,
        width=width,
        heads=heads,
        groups=groups,
        head_dim=_number(config, "head_dim") or width // heads,
        inner=inner,
        gated=family in _GATED,
    )


def config_after(
    config: Mapping[str, Any], before: Shape, after: Shape, kept: Sequence[int] | None = None
) -> dict[str, Any]:
    """The config of a pruned model.

    Parameters
    ----------
    kept
        Layers that stay, from 0; without it lists with an entry for each layer are cut at their end.
    """
    changed = dict(config)
    changed["num_hidden_layers"] = after.layers
    changed["intermediate_size"] = after.inner
    if needs_other_family(after, str(config.get("model_type"))):
        changed |= {"model_type": _LIKE_LLAMA, "sliding_window": None}
        names = config.get("architectures")
        if isinstance(names, list):
            changed["architectures"] = [str(name).replace("Llama", "Mistral") for name in names]
    if after.heads != before.heads:
        changed["num_attention_heads"] = after.heads
        changed["head_dim"] = after.head_dim
        if config.get("num_key_value_heads") is not None or after.groups != after.heads:
            changed["num_key_value_heads"] = after.groups
    for name in _PER_LAYER:
        value = config.get(name)
        if isinstance(value, list) and len(value) == before.layers:
            changed[name] = [value[place] for place in kept or range(after.layers)]
    return changed


def family_after(after: Shape, family: str) -> str:
    """The `model_type` that a shape is written under."""
    return _LIKE_LLAMA if needs_other_family(after, family) else family


def needs_other_family(after: Shape, family: str) -> bool:
    """Whether the config of the family refuses a shape that another family, which computes the same, takes.

    That of llama refuses numbers of heads that do not divide the hidden size, though it knows `head_dim`; mistral
    without a sliding window is the same computation.
    """
    return family == "llama" and after.width % after.heads != 0


def _number(config: Mapping[str, JSON], name: str) -> int:
    value = config.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
