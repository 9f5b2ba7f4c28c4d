"""The processes that learn together: one alone, or several through `accelerate`, each with a device of its own.

Each process takes every so-manieth sequence of a batch; losses are divided by the rows of the whole batch, so that the
gradient is that of one process. Knows nothing of what is learnt.
"""

from __future__ import annotations

from typing import Protocol

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from accelerate.utils import DistributedDataParallelKwargs  # type: ignore[import-untyped]
from torch import Tensor, nn

__all__ = ["Fleet", "Several", "Solo"]


class Fleet(Protocol):
    """Processes that take the same steps.

    Attributes
    ----------
    rank, world
        Which of how many this one is.
    device
        What this one computes on.
    """

    rank: int
    world: int
    device: torch.device

    def join(self, module: nn.Module) -> nn.Module:
        """The module, with gradients averaged over all processes."""

    def total(self, value: Tensor) -> Tensor:
        """Sum of a tensor over all processes."""

    def wait(self) -> None:
        """Until all are here."""


class Solo:
    """One process."""

    def __init__(self, device: str) -> None:
        self.rank, self.world, self.device = 0, 1, torch.device(device)

    def join(self, module: nn.Module) -> nn.Module:
        """The module as it is, on the device."""
        return module.to(self.device)

    def total(self, value: Tensor) -> Tensor:
        """The value as it is."""
        return value

    def wait(self) -> None:
        """Nobody to wait for."""


class Several:
    """One of the processes that `hub_distill.processes` started."""

    def __init__(self, device: str) -> None:
        spare = DistributedDataParallelKwargs(find_unused_parameters=True)
        self._accelerator = Accelerator(cpu=device == "cpu", kwargs_handlers=[spare])
        self.rank = int(self._accelerator.process_index)
        self.world = int(self._accelerator.num_processes)
        self.device: torch.device = self._accelerator.device

    def join(self, module: nn.Module) -> nn.Module:
        """The module on this process's device; what goes backward through it is averaged."""
        joined: nn.Module = self._accelerator.prepare(module)
        return joined

    def total(self, value: Tensor) -> Tensor:
        """Sum over all."""
        summed: Tensor = self._accelerator.reduce(value, reduction="sum")
        return summed

    def wait(self) -> None:
        """Until all are here."""
        self._accelerator.wait_for_everyone()
