"""Runs a model one layer at a time over all calibration batches, and taps what goes in and out of parts of a layer.

Each layer gets the masks and positions that the whole model gave it. Knows nothing of what is done with the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from hub_prune.calibration import Batch
from hub_prune.opened import Opened

__all__ = ["Call", "Seen", "run_layer", "run_until", "tapped", "trace"]


@dataclass(slots=True)
class Call:
    """One batch before the first layer.

    Parameters
    ----------
    hidden
        (rows, tokens, width).
    arguments
        For each layer, what else it was called with.
    mask
        Which tokens are no padding.
    """

    hidden: torch.Tensor
    arguments: list[tuple[tuple[Any, ...], dict[str, Any]]]  # Any: masks, positions, flags
    mask: torch.Tensor


@dataclass(slots=True)
class Seen:
    """What went into a module and what came out, when it was last called."""

    given: torch.Tensor
    came: torch.Tensor


def trace(opened: Opened, batches: Sequence[Batch]) -> list[Call]:
    """Run the model once on each batch, and note how each layer is called."""
    calls = []
    for batch in batches:
        arguments: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        first: list[torch.Tensor] = []

        def note(
            _: nn.Module,
            args: tuple[Any, ...],
            kwargs: dict[str, Any],
            arguments: list[tuple[tuple[Any, ...], dict[str, Any]]] = arguments,
            first: list[torch.Tensor] = first,
        ) -> None:
            rest = dict(kwargs)
            hidden = args[0] if args else rest.pop("hidden_states")
            if not first:
                first.append(hidden)
            arguments.append((args[1:], {**rest, "past_key_values": None} if "past_key_values" in rest else rest))

        hooks = [layer.register_forward_pre_hook(note, with_kwargs=True) for layer in opened.layers]
        try:
            opened.base(**batch.feeds)
        finally:
            for hook in hooks:
                hook.remove()
        calls.append(Call(first[0], arguments, batch.mask))
    return calls


def run_layer(layer: nn.Module, call: Call, place: int, hidden: torch.Tensor) -> torch.Tensor:
    """Hidden states after a layer, called as the layer at `place` was."""
    args, kwargs = call.arguments[place]
    found = layer(hidden, *args, **kwargs)
    came: torch.Tensor = found[0] if isinstance(found, tuple) else found
    return came


def run_until(layer: nn.Module, call: Call, place: int, hidden: torch.Tensor, name: str) -> torch.Tensor:
    """What a module of a layer is given; what comes after it is not computed."""

    def stop(_: nn.Module, args: tuple[Any, ...]) -> None:  # Any: tensors
        raise _Enough(args[0])

    hook = layer.get_submodule(name).register_forward_pre_hook(stop)
    try:
        run_layer(layer, call, place, hidden)
    except _Enough as enough:
        return enough.given
    finally:
        hook.remove()
    raise AssertionError(name)


class _Enough(Exception):
    def __init__(self, given: torch.Tensor) -> None:
        super().__init__()
        self.given = given


@contextmanager
def tapped(layer: nn.Module, *names: str) -> Iterator[dict[str, Seen]]:
    """What went in and out of modules of a layer, by name."""
    seen: dict[str, Seen] = {}

    def tap(name: str) -> Any:  # Any: a hook
        def hook(_: nn.Module, args: tuple[Any, ...], came: Any) -> None:  # Any: a tensor or a tuple of them
            seen[name] = Seen(args[0], came[0] if isinstance(came, tuple) else came)

        return hook

    hooks = [layer.get_submodule(name).register_forward_hook(tap(name)) for name in set(names)]
    try:
        yield seen
    finally:
        for each in hooks:
            each.remove()
