"""Optimizer and schedule.

AdamW: Loshchilov & Hutter 2019 (arXiv:1711.05101). Cosine schedule: Loshchilov & Hutter 2017 (arXiv:1608.03983). The
rate is a function of the step alone, so that there is nothing of it to keep. Knows nothing of models.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from hub_distill.settings import Settings

__all__ = ["make_optimizer", "rate_at", "set_rate"]

_FUSED = ("cpu", "cuda")


def make_optimizer(
    parameters: Iterable[nn.Parameter], settings: Settings, device: torch.device
) -> torch.optim.Optimizer:
    """Optimizer of weights that are learnt; biases and norms do not decay."""
    learnt = [each for each in parameters if each.requires_grad]
    groups = [
        {"params": [each for each in learnt if each.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [each for each in learnt if each.dim() <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    fused = device.type in _FUSED
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=settings.learning_rate, momentum=settings.momentum, fused=fused)
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=fused)


def rate_at(step: int, total: int, settings: Settings) -> float:
    """Learning rate of a step, counted from 0: it rises in a line, then goes as the schedule says, to 0 at the end."""
    warm = min(total - 1, round(total * settings.warmup))
    if step < warm:
        return settings.learning_rate * (step + 1) / (warm + 1)
    done = (step - warm) / max(1, total - warm)
    share = {"linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2, "constant": 1.0}[settings.schedule]
    return settings.learning_rate * share


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Use this rate for the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate
