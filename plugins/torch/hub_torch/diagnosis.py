"""Finds where a number that is none began: the weight that holds it, or the layer that computed it first.

Used only when a result holds NaN or infinity, so that a sound call pays nothing. Knows nothing of tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from hub.errors import InferenceError

__all__ = ["broken", "name_origin"]


def broken(values: torch.Tensor) -> bool:
    """Whether there is NaN or plus infinity. Minus infinity is the logarithm of 0 and masks logits, so it passes."""
    return bool(values.numel()) and not bool(values.amax() < torch.inf)


def name_origin(model: nn.Module, forward: Callable[[], object], what: str) -> InferenceError:
    """The error that names the weight, else the first layer whose output is broken when `forward` is called again."""
    name = _weight(model)
    if name is not None:
        return InferenceError(
            f"{what} hold NaN, because the weights do: {name}",
            hint="The file is damaged, or was made from a model that is. Use another variant.",
        )
    with _watched(model) as found:
        try:
            forward()
        except Exception as error:  # the layer is what matters
            found.append(f"(computing it again failed: {error})")
    dtype = next((parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()), torch.float32)
    began = f"it began in layer {found[0]}" if found else "it did not come back when computed again"
    return InferenceError(
        f"{what} hold NaN or infinity; {began}",
        hint="Numbers grew too large for float16: try dtype=float32" if dtype == torch.float16 else "",
    )


def _weight(model: nn.Module) -> str | None:
    for name, tensor in model.named_parameters():
        if type(tensor) is not nn.Parameter:
            continue  # quantized, and looked at before it was
        if tensor.is_floating_point() and tensor.device.type != "meta" and not bool(torch.isfinite(tensor).all()):
            bad = int(tensor.numel() - torch.isfinite(tensor).sum())
            return f"{name} ({bad} of {tensor.numel()} values)"
    return None


@contextmanager
def _watched(model: nn.Module) -> Iterator[list[str]]:
    """Names of the layers whose output was broken, in the order in which they were done: inner ones first."""
    found: list[str] = []

    def watch(name: str) -> Callable[[nn.Module, Any, Any], None]:  # Any: whatever a layer takes and gives
        def hook(layer: nn.Module, _: Any, output: Any) -> None:
            if not found and any(broken(tensor.float()) for tensor in _tensors(output)):
                found.append(f"{name} ({type(layer).__name__})")

        return hook

    hooks = [layer.register_forward_hook(watch(name)) for name, layer in model.named_modules() if name]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _tensors(output: Any) -> Iterator[torch.Tensor]:  # Any: tensors, tuples or mappings of them
    if isinstance(output, torch.Tensor):
        if output.is_floating_point():
            yield output
    elif isinstance(output, dict):
        for value in output.values():
            yield from _tensors(value)
    elif isinstance(output, tuple | list):
        for value in output:
            yield from _tensors(value)
