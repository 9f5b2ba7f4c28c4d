"""Makes layers narrower and fits what remains to what the model gave before, one layer after the other.

For each layer, the model as it was (teacher) and as it is now (student) run side by side. Heads, then channels, are
chosen by how little their absence hurts; the projections back into the residual are fitted so that the student's
residual comes nearest to the teacher's, errors of the layers before included (the asymmetric reconstruction of He,
Zhang & Sun 2017, arXiv:1707.06168). Where layers behind it were dropped, a layer is fitted to what came after those.
Knows nothing of which layers are dropped, or of files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from hub_prune.families import Layout
from hub_prune.opened import Opened
from hub_prune.passes import Call, run_layer, run_until, tapped
from hub_prune.settings import Settings
from hub_prune.shapes import Shape
from hub_prune.squares import Problem

__all__ = ["narrow"]


def narrow(
    opened: Opened,
    calls: Sequence[Call],
    kept: Sequence[int],
    shape: Shape,
    settings: Settings,
    tell: Callable[[str], None],
) -> None:
    """Remove heads and channels from the layers in `kept`, in place, and fit what stays.

    Parameters
    ----------
    kept
        Layers that will stay. The others are still there, and are what their neighbours are fitted to.
    """
    if not settings.structured:
        return
    layers, layout = opened.layers, opened.layout
    teacher = [call.hidden for call in calls]
    student = list(teacher)
    ends = [*(place - 1 for place in kept[1:]), len(layers) - 1]
    reached = 0
    for count, (place, end) in enumerate(zip(kept, ends, strict=True), 1):
        aims = _teach(layers, layout, calls, teacher, range(reached, end + 1), place)
        reached = end + 1
        one = _Layer(layers[place], layout, calls, place, shape, settings.reconstruct)
        if settings.groups or settings.reconstruct:
            one.narrow_heads(student, aims[0], settings.groups)
        if settings.inner or settings.reconstruct:
            one.narrow_channels(student, aims[1], settings.inner)
        if end != place and layout.output_norm and settings.reconstruct:
            _take_over(layers[place], layers[end], layout.output_norm)
        student = [run_layer(layers[place], call, place, hidden) for call, hidden in zip(calls, student, strict=True)]
        tell(f"pruned layer {count} of {len(kept)}")


def _teach(
    layers: nn.ModuleList,
    layout: Layout,
    calls: Sequence[Call],
    teacher: list[torch.Tensor],
    span: range,
    place: int,
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Run the teacher through a span of layers, in place.

    Returns
    -------
    tuple
        By batch, for tokens that are no padding: the residual after attention of the layer at `place`, and the sum that
        the last layer ends with.
    """
    middle, last = [], []
    for number, call in enumerate(calls):
        for at in span:
            with tapped(layers[at], layout.attention_sum, *filter(None, [layout.output_norm])) as seen:
                teacher[number] = run_layer(layers[at], call, at, teacher[number])
            if at == place:
                middle.append(seen[layout.attention_sum].given[call.mask])
        ended = seen[layout.output_norm].given if layout.output_norm else teacher[number]
        last.append(ended[call.mask])
    return middle, last


class _Layer:
    """One layer that is made narrower."""

    def __init__(
        self,
        layer: nn.Module,
        layout: Layout,
        calls: Sequence[Call],
        place: int,
        shape: Shape,
        reconstruct: bool,
    ) -> None:
        self._layer = layer
        self._layout = layout
        self._calls = calls
        self._place = place
        self._shape = shape
        self._reconstruct = reconstruct

    def narrow_heads(self, student: Sequence[torch.Tensor], aims: Sequence[torch.Tensor], count: int) -> None:
        """Remove `count` groups of heads, and fit the projection back."""
        layout, shape = self._layout, self._shape
        block = shape.per_group * shape.head_dim
        stays = self._fit(student, aims, layout.out, layout.attention_sum, block, count)
        if not count:
            return
        _keep_rows(self._linear(layout.query), stays)
        groups = stays[::block] // block
        pairs = (groups[:, None] * shape.head_dim + torch.arange(shape.head_dim)).flatten()
        for name in (layout.key, layout.value):
            _keep_rows(self._linear(name), pairs)

    def narrow_channels(self, student: Sequence[torch.Tensor], aims: Sequence[torch.Tensor], count: int) -> None:
        """Remove `count` feed-forward channels, and fit the projection back."""
        layout = self._layout
        stays = self._fit(student, aims, layout.narrow, layout.output_norm, 1, count)
        if count:
            for name in layout.widen:
                _keep_rows(self._linear(name), stays)

    def _fit(
        self,
        student: Sequence[torch.Tensor],
        aims: Sequence[torch.Tensor],
        name: str,
        after: str,
        block: int,
        count: int,
    ) -> torch.Tensor:
        """Choose inputs of a projection and change it to them; gives those that stay.

        `after` is the module that takes the sum of the residual and what the projection gives; empty where that sum is
        the layer's output.
        """
        linear = self._linear(name)
        problem = Problem(linear.weight, linear.bias)
        for call, hidden, aim in zip(self._calls, student, aims, strict=True):
            with tapped(self._layer, name) as seen:
                if after:
                    total = run_until(self._layer, call, self._place, hidden, after)
                else:
                    total = run_layer(self._layer, call, self._place, hidden)
            residual = (total - seen[name].came)[call.mask]
            problem.add(seen[name].given[call.mask], aim - residual)
        stays = problem.weakest(block, count, refit=self._reconstruct)
        weight: torch.Tensor = linear.weight[:, stays]
        bias: torch.Tensor | None = linear.bias
        if self._reconstruct:
            weight, bias = problem.fit(stays)
        _replace(linear, weight, bias)
        return stays

    def _linear(self, name: str) -> nn.Linear:
        found = self._layer.get_submodule(name)
        assert isinstance(found, nn.Linear)
        return found


def _keep_rows(linear: nn.Linear, rows: torch.Tensor) -> None:
    _replace(linear, linear.weight[rows], None if linear.bias is None else linear.bias[rows])


def _replace(linear: nn.Linear, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
    dtype = linear.weight.dtype
    linear.weight = nn.Parameter(weight.to(dtype).contiguous(), requires_grad=False)
    if bias is not None:
        linear.bias = nn.Parameter(bias.to(dtype).contiguous(), requires_grad=False)
    linear.out_features, linear.in_features = linear.weight.shape


def _take_over(layer: nn.Module, last: nn.Module, norm: str) -> None:
    """Give a layer the norm that came after the layers that were dropped behind it."""
    layer.get_submodule(norm).load_state_dict(last.get_submodule(norm).state_dict())
