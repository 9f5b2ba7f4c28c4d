"""EfficientNet-Lite0 as a module of PyTorch, with the names of the published weights.

EfficientNet (Tan and Le, 2019, https://arxiv.org/abs/1905.11946) without squeeze-and-excitation and with ReLU6, as
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite has it: convolutions pad as TensorFlow
does. The one module here that imports torch. Knows nothing of pictures or labels.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from hub.types import Facts

__all__ = ["EfficientNetLite", "Logits", "build"]

_STEM, _HEAD, _LABELS = 32, 1280, 1000
_EPSILON = 1e-3

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Blocks, kernel, stride of the first block, expansion, channels of each stage."""


class Logits(NamedTuple):
    """What the model gives."""

    logits: torch.Tensor


class SamePadding(nn.Conv2d):
    """A convolution without bias that pads an even size as TensorFlow's `SAME` does: less before than behind."""

    def __init__(self, given: int, taken: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__(given, taken, kernel, stride=stride, groups=groups, bias=False)
        whole = kernel - stride
        self._around = (whole // 2, whole - whole // 2) * 2

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """(batch, channels, height, width)."""
        return super().forward(functional.pad(values, self._around) if any(self._around) else values)


class Block(nn.Module):
    """Inverted residual: expand, filter each channel, project; added to its input where shapes allow."""

    def __init__(self, given: int, taken: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = given * expansion
        self._expands = expansion != 1
        self._adds = stride == 1 and given == taken
        if self._expands:
            self._expand_conv = SamePadding(given, wide, 1)
            self._bn0 = nn.BatchNorm2d(wide, eps=_EPSILON)
        self._depthwise_conv = SamePadding(wide, wide, kernel, stride=stride, groups=wide)
        self._bn1 = nn.BatchNorm2d(wide, eps=_EPSILON)
        self._project_conv = SamePadding(wide, taken, 1)
        self._bn2 = nn.BatchNorm2d(taken, eps=_EPSILON)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """(batch, channels, height, width)."""
        found = values
        if self._expands:
            found = functional.relu6(self._bn0(self._expand_conv(found)))
        found = functional.relu6(self._bn1(self._depthwise_conv(found)))
        projected: torch.Tensor = self._bn2(self._project_conv(found))
        return values + projected if self._adds else projected


class EfficientNetLite(nn.Module):
    """Logits of pictures of 224 x 224 pixels."""

    def __init__(self, labels: int = _LABELS) -> None:
        super().__init__()
        self._conv_stem = SamePadding(3, _STEM, 3, stride=2)
        self._bn0 = nn.BatchNorm2d(_STEM, eps=_EPSILON)
        blocks: list[Block] = []
        given = _STEM
        for count, kernel, stride, expansion, taken in STAGES:
            for number in range(count):
                blocks.append(Block(given, taken, kernel, stride if number == 0 else 1, expansion))
                given = taken
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SamePadding(given, _HEAD, 1)
        self._bn1 = nn.BatchNorm2d(_HEAD, eps=_EPSILON)
        self._fc = nn.Linear(_HEAD, labels)

    def forward(self, pixel_values: torch.Tensor) -> Logits:
        """Logits (batch, labels) of float (batch, 3, 224, 224)."""
        found = functional.relu6(self._bn0(self._conv_stem(pixel_values)))
        for block in self._blocks:
            found = block(found)
        found = functional.relu6(self._bn1(self._conv_head(found)))
        return Logits(self._fc(found.mean(dim=(2, 3))))


def build(facts: Facts, part: str) -> nn.Module:  # noqa: ARG001 - the contract's
    """Target of the architecture: the model without weights."""
    said = facts.config.get("num_labels")
    return EfficientNetLite(said if isinstance(said, int) else _LABELS)
