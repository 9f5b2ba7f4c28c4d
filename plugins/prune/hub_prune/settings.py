"""What a call asks for: shares into numbers of layers, heads and channels, and what cannot be asked for.

Works on shapes and sizes alone; imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.types import OptionValue
from hub_prune.shapes import Shape

__all__ = ["Settings", "Weighed", "read_settings"]

_STEP = 8  # channels go in eights, so that matrix units stay filled
_GRID = 256  # shares that a target size is looked for among


@dataclass(frozen=True, kw_only=True, slots=True)
class Weighed:
    """What the weights take on the disk: bytes of all, and of one number."""

    total: int
    each: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What to remove, in numbers.

    Parameters
    ----------
    layers, groups, inner
        Layers to drop; groups of heads and feed-forward channels to remove from each layer that stays.
    sparsity
        Share of the single weights that stay to set to zero.
    """

    layers: int
    groups: int
    inner: int
    sparsity: float
    method: str
    pattern: str
    reconstruct: bool
    samples: int
    seed: int

    @property
    def structured(self) -> bool:
        """Whether anything becomes smaller."""
        return bool(self.layers or self.groups or self.inner)

    @property
    def calibrated(self) -> bool:
        """Whether activations are needed."""
        return self.structured or (self.sparsity > 0 and self.method == "wanda")

    def after(self, shape: Shape) -> Shape:
        """The shape that comes out."""
        return shape.smaller(layers=self.layers, groups=self.groups, inner=self.inner)


def read_settings(
    options: Mapping[str, OptionValue], shape: Shape, weighed: Weighed, *, heads: bool = True
) -> Settings | str:
    """Numbers for options, or why they cannot be.

    Parameters
    ----------
    heads
        Whether a target size may be reached by removing heads.
    """
    layers, sparsity, size = _whole(options, "layers"), _share(options, "sparsity"), options.get("size")
    reason = _contradiction(options) or _too_much(options, layers, shape)
    if reason is not None:
        return reason
    smaller = shape.smaller(layers=layers)
    chosen: tuple[int, int] | str
    if size is not None:
        chosen = _for_size(_share(options, "size"), shape, smaller, weighed, heads=heads)
    else:
        chosen = _for_shares(_share(options, "heads"), _share(options, "ffn"), smaller)
    if isinstance(chosen, str):
        return chosen
    return Settings(
        layers=layers,
        groups=chosen[0],
        inner=chosen[1],
        sparsity=sparsity,
        method=str(options.get("method") or "wanda"),
        pattern=str(options.get("pattern") or "unstructured"),
        reconstruct=bool(options.get("reconstruct", True)),
        samples=_whole(options, "samples") or 512,
        seed=_whole(options, "seed"),
    )


def _contradiction(options: Mapping[str, OptionValue]) -> str | None:
    given = {name for name in ("layers", "heads", "ffn", "size", "sparsity") if options.get(name) is not None}
    if not given:
        return "nothing is asked for: name layers, heads, ffn, size or sparsity, such as prune:ffn=0.25"
    shares = sorted({"heads", "ffn"} & given)
    if "size" in given and shares:
        return f"size chooses the shares itself: leave out {' and '.join(shares)}, or leave out size"
    for name in ("method", "pattern"):
        if options.get(name) is not None and "sparsity" not in given:
            return f"{name} is about which weights are zeroed: name the share too, such as sparsity=0.5"
    if options.get("pattern") == "2:4" and _share(options, "sparsity") != 0.5:
        return "pattern 2:4 zeroes half of the weights: sparsity must be 0.5"
    return None


def _too_much(options: Mapping[str, OptionValue], layers: int, shape: Shape) -> str | None:
    if layers >= shape.layers:
        return f"layers={layers} leaves nothing: the model has {shape.layers}"
    for name in ("heads", "ffn", "sparsity"):
        if _share(options, name) >= 1:
            return f"{name}={_share(options, name):g} leaves nothing: it is the share to remove, from 0 to below 1"
    if options.get("size") is not None and not 0 < _share(options, "size") < 1:
        return f"size={_share(options, 'size'):g} is no share of the size: it must be between 0 and 1"
    if options.get("pattern") == "2:4" and (shape.width % 4 or shape.inner % 4):
        return f"pattern 2:4 needs widths that 4 divides, and they are {shape.width} and {shape.inner}"
    return None


def _for_shares(heads: float, ffn: float, shape: Shape) -> tuple[int, int] | str:
    groups, inner = round(heads * shape.groups), round(ffn * shape.inner / _STEP) * _STEP
    shared = f" of {shape.per_group} heads that share keys and values" if shape.per_group > 1 else ""
    what = f"{shape.groups} {'groups' + shared if shared else 'attention heads'}"
    if heads and not groups:
        if shape.groups == 1:
            return f"heads={heads:g} removes nothing: all {shape.heads} heads share one key-value head, and must stay"
        return f"heads={heads:g} removes nothing of {what}: the least is heads={_up(1 / shape.groups)}"
    if groups == shape.groups:
        return f"heads={heads:g} leaves none of {what}"
    if ffn and not inner:
        least = f": the least is ffn={_up(_STEP / shape.inner)}" if shape.inner > _STEP else ""
        return f"ffn={ffn:g} removes nothing of {shape.inner} channels, which go in steps of {_STEP}{least}"
    if inner >= shape.inner:
        return f"ffn={ffn:g} leaves none of {shape.inner} channels, which go in steps of {_STEP}"
    return groups, inner


def _for_size(share: float, shape: Shape, smaller: Shape, weighed: Weighed, *, heads: bool) -> tuple[int, int] | str:
    """Remove the same share of heads and channels, and the least that reaches the size."""
    fixed = weighed.total - shape.parameters * weighed.each
    least = 1.0
    for step in range(_GRID):
        part = step / _GRID
        groups = int(part * smaller.groups) if heads else 0
        inner = min(round(part * smaller.inner / _STEP) * _STEP, max(0, smaller.inner - _STEP))
        reached = (fixed + smaller.smaller(groups=groups, inner=inner).parameters * weighed.each) / weighed.total
        if reached <= share:
            return groups, inner
        least = min(least, reached)
    means = "heads and channels" if heads else "feed-forward channels"
    return (
        f"size={share:g} cannot be reached by removing {means}: the least is size={_up(least)}, because embeddings "
        f"{'' if heads else 'and attention '}stay; drop layers too, such as layers=1"
    )


def _up(value: float) -> float:
    """Two digits, never less than the value."""
    return (int(value * 100) + 1) / 100


def _share(options: Mapping[str, OptionValue], name: str) -> float:
    value = options.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _whole(options: Mapping[str, OptionValue], name: str) -> int:
    value = options.get(name)
    return value if isinstance(value, int) else 0
