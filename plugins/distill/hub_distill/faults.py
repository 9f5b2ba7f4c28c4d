"""Finds out which layer gives values that are not finite, and says so.

Knows nothing of losses or steps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from hub.errors import InferenceError
from hub_distill.signals import Batch, Signals

__all__ = ["guilty_gradient", "guilty_layer", "refuse_not_finite"]


def refuse_not_finite(signals: Signals, model: nn.Module, batch: Batch, who: str) -> None:
    """Raise where an answer is not finite.

    Raises
    ------
    InferenceError
        With the layer.
    """
    tensors = [*signals.hidden, *([] if signals.logits is None else [signals.logits])]
    if all(bool(torch.isfinite(tensor.sum())) or bool(torch.isfinite(tensor).all()) for tensor in tensors):
        return
    layer = guilty_layer(model, batch)
    raise InferenceError(
        f"{who} gives values that are not finite" + (f", first in layer '{layer}'" if layer else ""),
        hint="Its weights are damaged, or precision=float32 is needed.",
    )


def guilty_layer(model: nn.Module, batch: Batch) -> str | None:
    """The first layer whose weights or output are not finite; `None` where all are."""
    for name, value in model.named_parameters():
        if not bool(torch.isfinite(value).all()):
            return name
    found: list[str] = []

    def watch(name: str) -> Any:  # Any: torch's hooks take any module's outputs
        def hook(_: nn.Module, __: object, output: object) -> None:
            if not found and isinstance(output, Tensor) and not bool(torch.isfinite(output).all()):
                found.append(name)

        return hook

    leaves = [(name, module) for name, module in model.named_modules() if not any(True for _ in module.children())]
    handles = [module.register_forward_hook(watch(name)) for name, module in leaves]
    try:
        with torch.no_grad():
            model(**batch.feeds)
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else None


def guilty_gradient(model: nn.Module) -> str | None:
    """The first weights whose gradient is not finite."""
    graded = ((name, value.grad) for name, value in model.named_parameters() if value.grad is not None)
    return next((name for name, gradient in graded if not bool(torch.isfinite(gradient).all())), None)
