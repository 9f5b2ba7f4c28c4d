"""Devices that a run can be on, what they compute in, and what is said when their memory ends.

Knows nothing of models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import torch

from hub.errors import InferenceError, OptionError

__all__ = ["autocast", "choose_device", "choose_precision", "explaining_memory"]

_CPUINFO = Path("/proc/cpuinfo")
_BFLOAT16 = {"amx_bf16", "avx512_bf16", "bf16"}
_TRIED = re.compile(r"[Tt]ried to allocate ([\d.]+) (bytes|[KMG]i?B)|you tried to allocate (\d+) (bytes)")


def choose_device(asked: str) -> str:
    """The device that was asked for, or the best that is there.

    Raises
    ------
    OptionError
        It is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if asked == "auto":
        return next(name for name, found in there.items() if found)
    if not there[asked]:
        raise OptionError(
            f"torch {torch.__version__} finds no {asked} here", hint="Leave device out to take the best there is."
        )
    return asked


def choose_precision(asked: str, device: str) -> torch.dtype:
    """What to compute in: bfloat16 where the hardware has instructions for it, unless told otherwise."""
    if asked != "auto":
        return torch.bfloat16 if asked == "bfloat16" else torch.float32
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    return torch.bfloat16 if device == "cpu" and _flags() & _BFLOAT16 else torch.float32


def autocast(device: torch.device, precision: torch.dtype) -> AbstractContextManager[object]:
    """Computes products in the precision, and what needs more bits in float32."""
    if precision == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=precision)


@contextmanager
def explaining_memory(doing: str, device: torch.device) -> Iterator[None]:
    """Turn an allocation that failed into an `InferenceError` with what was needed and what is free.

    Parameters
    ----------
    doing
        What failed, for the message: "a step of 32 sequences".
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        text = str(error)
        ended = isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in text
        if not ended and "out of memory" not in text.lower():
            raise
        found = _TRIED.search(text)
        needed = " ".join(part for part in found.groups() if part) if found else "more memory"
        free = _free(device)
        raise InferenceError(
            f"{doing} needs another {needed} on {device}" + (f", and {free / 1e9:.2f} GB are free" if free else ""),
            hint="Lower batch_size or max_length, or take device=cpu.",
        ) from error


def _free(device: torch.device) -> int | None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None


def _flags() -> frozenset[str]:
    """Instructions that the Linux kernel shows; elsewhere nothing is known."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    wanted = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(wanted, "").split())
