"""Sound that is an array: checks it, mixes it to mono, cuts it into windows.

Knows nothing of files and of other rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from hub.errors import InputError

__all__ = ["Samples", "check_rate", "mono", "windows"]

Samples = np.ndarray[Any, np.dtype[np.float32]]

_MOST_CHANNELS = 64
_RATES = (100, 768_000)


def mono(array: object, name: str = "sound") -> Samples:
    """Samples of an array, mixed to one channel.

    Parameters
    ----------
    array
        (frames,) or (frames, channels); floating point as it is, where 1.0 is full scale, integers from their own
        full scale.

    Raises
    ------
    InputError
        It has another shape, holds what is no number, or holds nothing.
    """
    given = np.asarray(array)
    if given.ndim not in {1, 2}:
        raise InputError(f"{name} is an array of shape {list(given.shape)}; it takes (frames,) or (frames, channels)")
    if not given.size:
        raise InputError(f"{name} holds no samples: its length is zero")
    if given.ndim == 2 and given.shape[1] > _MOST_CHANNELS:
        raise InputError(
            f"{name} has {given.shape[1]} channels of {given.shape[0]} frames",
            hint="The frames come first: transpose it to (frames, channels).",
        )
    if given.dtype.kind == "f":
        values = given.astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            raise InputError(f"{name} holds samples that are no finite numbers")
    elif given.dtype.kind in "iu":
        values = _from_integers(given)
    else:
        raise InputError(f"{name} holds {given.dtype.name} and not samples", hint="Give floating point or integers.")
    return values if values.ndim == 1 else values.mean(axis=1, dtype=np.float32)


def check_rate(rate: object, name: str = "sound") -> int:
    """A sample rate in Hz.

    Raises
    ------
    InputError
        It is none.
    """
    if isinstance(rate, bool) or not isinstance(rate, int | np.integer) or not _RATES[0] <= rate <= _RATES[1]:
        raise InputError(f"{name} has the sample rate {rate!r}; it is an integer from {_RATES[0]} to {_RATES[1]} Hz")
    return int(rate)


def windows(pieces: Iterable[Samples], frames: int) -> Iterator[Samples]:
    """The same sound in windows of `frames`; the last is as long as what is left."""
    held: list[Samples] = []
    count = 0
    for piece in pieces:
        rest = piece
        while count + len(rest) >= frames:
            taken, rest = rest[: frames - count], rest[frames - count :]
            yield np.concatenate([*held, taken]) if held else taken
            held, count = [], 0
        if len(rest):
            held.append(rest)
            count += len(rest)
    if held:
        yield np.concatenate(held)


def _from_integers(given: np.ndarray[Any, Any]) -> Samples:
    limits = np.iinfo(given.dtype)
    half = (int(limits.max) + 1) // 2 if given.dtype.kind == "u" else int(limits.max) + 1
    middle = half if given.dtype.kind == "u" else 0
    return ((given.astype(np.float64) - middle) / half).astype(np.float32)
