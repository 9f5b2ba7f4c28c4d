"""Sound that is heard from any place onwards, and never back, with bounded memory. Knows nothing of what is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hub.types import Audio

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Tape", "is_silent"]

_SILENT = 1e-4  # of full scale: 80 dB below


class Tape:
    """A sound in windows that may begin anywhere behind the beginning of the last one.

    Parameters
    ----------
    window
        Samples of a window, at `rate` Hz.
    """

    def __init__(self, sound: Audio, rate: int, window: int) -> None:
        self._blocks = iter(sound.blocks(window / rate, rate))
        self._window = window
        self._held: Array = np.empty(0, np.float32)
        self._begin = 0

    def window(self, start: int) -> Array:
        """Samples from `start` on: float32 (samples,), fewer than a window at the end, none behind it."""
        if start > self._begin:
            self._drop(start - self._begin)
        while len(self._held) < self._window:
            block = next(self._blocks, None)
            if block is None:
                break
            self._held = np.concatenate([self._held, block])
            if start > self._begin:
                self._drop(start - self._begin)
        return self._held[: self._window]

    def _drop(self, count: int) -> None:
        dropped = min(count, len(self._held))
        self._held = self._held[dropped:]
        self._begin += dropped


def is_silent(samples: Array) -> bool:
    """Whether nobody could hear it."""
    return not len(samples) or float(np.abs(samples).max()) < _SILENT
