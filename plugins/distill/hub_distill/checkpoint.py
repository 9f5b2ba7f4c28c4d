"""What is needed to go on after a kill, in one file that is whole or not there.

Knows nothing of how learning works.
"""

from __future__ import annotations

import os
import pickle
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hub.errors import StorageError

__all__ = ["Best", "Checkpoint", "forget", "read_checkpoint", "write_checkpoint"]

_NAME = "checkpoint.pt"


@dataclass(kw_only=True)
class Best:
    """The student that validated best."""

    step: int
    loss: float
    weights: dict[str, Tensor]


@dataclass(kw_only=True)
class Checkpoint:
    """State of a run before step `step`, which is also its place in the data and in the schedule.

    Parameters
    ----------
    fingerprint
        Of everything that decides a run; a checkpoint of another one is not taken.
    weights
        What is learnt, by name.
    optimizer, random
        State of the optimizer, and of torch's generators by device.
    history
        The lines of metrics so far.
    """

    fingerprint: str
    step: int
    weights: dict[str, Tensor]
    optimizer: dict[str, Any]
    best: Best
    history: list[dict[str, Any]]
    random: dict[str, Tensor] = field(default_factory=dict)


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Put a checkpoint in place of the one before.

    Raises
    ------
    StorageError
        The disk refuses it.
    """
    beside = folder / f"{_NAME}.new"
    try:
        with beside.open("wb") as stream:
            torch.save(asdict(checkpoint), stream)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(folder / _NAME)
    except (OSError, RuntimeError) as error:  # torch tells a full disk as a RuntimeError
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise StorageError(f"a checkpoint cannot be written to {folder}: {error}") from error


def read_checkpoint(folder: Path, fingerprint: str) -> Checkpoint | None:
    """The checkpoint of the same run; `None` where there is none that can be read."""
    try:
        found = torch.load(folder / _NAME, map_location="cpu", weights_only=True)
        checkpoint = Checkpoint(**{**found, "best": Best(**found["best"])})
    except (OSError, RuntimeError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError):
        return None
    return checkpoint if checkpoint.fingerprint == fingerprint else None


def forget(folder: Path) -> None:
    """Remove the checkpoint: the run is over, or went wrong."""
    for path in (folder / _NAME, folder / f"{_NAME}.new"):
        path.unlink(missing_ok=True)
