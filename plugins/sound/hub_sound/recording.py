"""The values of the kind `audio`: sound in a file, or in memory.

Knows nothing of where it was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hub.errors import InputError
from hub.types import Audio
from hub_sound.library import pieces, probe
from hub_sound.resampling import resample, resampled
from hub_sound.samples import Samples, windows

__all__ = ["Clip", "Recording"]


class Recording(Audio):
    """Sound in a file, or in the bytes of one: decoded when it is asked for, so ten hours take no more than a window.

    Raises
    ------
    InputError
        It is not sound, or holds none.
    """

    def __init__(self, content: Path | bytes, name: str) -> None:
        self._content = content
        self._name = name
        self.rate, self.channels, frames = probe(content, name)
        if not frames:
            raise InputError(f"{name} holds no sound: its length is zero")
        self.duration = frames / self.rate

    def samples(self, rate: int | None = None) -> Samples:
        """All of it, mono: float32 (frames,) at `rate` Hz, its own if `None`."""
        whole = list(pieces(self._content, self._name))
        return resample(whole[0] if len(whole) == 1 else np.concatenate(whole), self.rate, rate or self.rate)

    def blocks(self, seconds: float, rate: int | None = None) -> Iterator[Samples]:
        """Windows of it, mono, one after the other: float32 (frames,) at `rate` Hz, its own if `None`."""
        wanted = rate or self.rate
        found = resampled(pieces(self._content, self._name), self.rate, wanted)
        return windows(found, max(1, round(seconds * wanted)))

    def __repr__(self) -> str:
        return f"<Recording {self._name} · {self.duration:.2f} s · {self.rate} Hz>"


class Clip(Audio):
    """Sound in memory: mono samples, float32 (frames,), where 1.0 is full scale."""

    channels = 1

    def __init__(self, samples: Samples, rate: int) -> None:
        self.rate = rate
        self.duration = len(samples) / rate
        self._samples = samples

    def samples(self, rate: int | None = None) -> Samples:
        """All of it: float32 (frames,) at `rate` Hz, its own if `None`."""
        return resample(self._samples, self.rate, rate or self.rate)

    def blocks(self, seconds: float, rate: int | None = None) -> Iterator[Samples]:
        """Windows of it, one after the other: float32 (frames,) at `rate` Hz, its own if `None`."""
        wanted = rate or self.rate
        step = self.rate * 10
        parts = (self._samples[start : start + step] for start in range(0, len(self._samples), step))
        return windows(resampled(parts, self.rate, wanted), max(1, round(seconds * wanted)))

    def __repr__(self) -> str:
        return f"<Clip {self.duration:.2f} s · {self.rate} Hz>"
