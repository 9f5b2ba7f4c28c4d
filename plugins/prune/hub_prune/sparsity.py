"""Sets single weights of the layers to zero. The weights keep their shape: what gets faster is up to the hardware.

Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from hub_prune.opened import Opened
from hub_prune.passes import Call, run_layer, tapped
from hub_prune.settings import Settings

__all__ = ["zero_weights", "zeroed"]

_OF, _STAY = 4, 2


def zero_weights(opened: Opened, calls: Sequence[Call], settings: Settings, tell: Callable[[str], None]) -> None:
    """Zero a share of each linear layer's weights, in place; embeddings and the head stay whole.

    `magnitude` takes the smallest of a matrix (Han et al. 2015, arXiv:1506.02626). `wanda` takes, for each output, the
    weights with the smallest product of size and length of their input over the calibration data (Sun et al. 2023,
    arXiv:2306.11695), layer by layer, so that a layer sees what the zeros before it left. `2:4` zeroes two in each four
    neighbouring inputs (Mishra et al. 2021, arXiv:2104.08378).
    """
    if not settings.sparsity:
        return
    hidden = [call.hidden for call in calls]
    for place, layer in enumerate(opened.layers):
        names = [name for name, module in layer.named_modules() if isinstance(module, nn.Linear)]
        lengths: dict[str, torch.Tensor] = {}
        if settings.method == "wanda":
            lengths = _lengths(layer, names, calls, place, hidden)
        for name in names:
            weight = layer.get_submodule(name).weight
            assert isinstance(weight, nn.Parameter)
            weight.data = zeroed(weight.data, settings.sparsity, settings.pattern, lengths.get(name))
        if settings.method == "wanda":
            hidden = [run_layer(layer, call, place, each) for call, each in zip(calls, hidden, strict=True)]
        tell(f"zeroed weights of layer {place + 1} of {len(opened.layers)}")


def zeroed(weight: torch.Tensor, share: float, pattern: str, lengths: torch.Tensor | None) -> torch.Tensor:
    """The weights (outputs, inputs) with a share of them at zero.

    Parameters
    ----------
    lengths
        Length of each input over the calibration data, (inputs,): judge by output with it, else by the whole matrix.
    """
    score = weight.float().abs()
    if lengths is not None:
        score = score * lengths
    if pattern == "2:4":
        fours = score.reshape(len(weight), -1, _OF)
        weakest = fours.topk(_OF - _STAY, dim=-1, largest=False).indices
        return weight.masked_fill(_places(fours, weakest).reshape(weight.shape), 0)
    rows = score if lengths is not None else score.reshape(1, -1)
    weakest = rows.topk(round(share * rows.shape[1]), dim=-1, largest=False, sorted=False).indices
    return weight.masked_fill(_places(rows, weakest).reshape(weight.shape), 0)


def _places(score: torch.Tensor, weakest: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(score, dtype=torch.bool).scatter_(-1, weakest, value=True)


def _lengths(
    layer: nn.Module, names: Sequence[str], calls: Sequence[Call], place: int, hidden: Sequence[torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Euclidean length of each input of each linear layer, over tokens that are no padding."""
    squares: dict[str, torch.Tensor] = {}
    for call, each in zip(calls, hidden, strict=True):
        with tapped(layer, *names) as seen:
            run_layer(layer, call, place, each)
        for name in names:
            found = seen[name].given[call.mask].float().square().sum(dim=0)
            squares[name] = squares[name] + found if name in squares else found
    return {name: total.sqrt() for name, total in squares.items()}
