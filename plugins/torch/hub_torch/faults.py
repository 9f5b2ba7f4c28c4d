"""Says in words what torch says when memory runs out: how much was needed, and how much is free.

Knows nothing of models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from hub.errors import InferenceError
from hub_torch.devices import free_bytes

__all__ = ["explaining_memory"]

_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_TRIED = re.compile(r"[Tt]ried to allocate (?P<number>[\d.]+) (?P<unit>bytes|[KMG]i?B)")


@contextmanager
def explaining_memory(doing: str, device: torch.device, hint: str) -> Iterator[None]:
    """Turn an allocation that failed into an `InferenceError` with what was needed and what is free.

    Parameters
    ----------
    doing
        What failed, for the message: "a batch of 32 x 256".
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not _is_memory(error):
            raise
        needed, free = _needed(str(error)), free_bytes(device)
        if device.type == "cuda":
            torch.cuda.empty_cache()
        more = f"needs another {_size(needed)}" if needed else "needs more memory"
        raise InferenceError(
            f"{doing} {more} on {device}" + (f", and {_size(free)} are free" if free is not None else ""), hint=hint
        ) from error


def _is_memory(error: BaseException) -> bool:
    text = str(error)
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "can't allocate memory" in text
        or "out of memory" in text.lower()
    )


def _needed(text: str) -> int | None:
    found = _TRIED.search(text)
    return int(float(found["number"]) * _UNITS[found["unit"]]) if found else None


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
