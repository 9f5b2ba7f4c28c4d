"""Fidelity of voices: how alike two sounds of one text are, by their spectra. Knows answers alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.runtime.protocols import Fidelity
from hub.types import Audio
from hub_audio.spectra import LogMel

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Spectra"]

_BINS, _POINTS, _HOP = 80, 1024, 256


class Spectra(Fidelity):
    """Compares log-mel spectra, of which one is stretched to the length of the other, and durations."""

    def __init__(self) -> None:
        self._alike: list[float] = []
        self._longer: list[float] = []

    def add(self, before: Any, after: Any, label: str | None = None) -> None:  # Any: answers of the task
        """Take the sounds of both for one text."""
        one, other = (_spectrum(each) for each in (before, after))
        places = np.linspace(0, other.shape[1] - 1, one.shape[1])
        stretched = np.stack([np.interp(places, np.arange(other.shape[1]), row) for row in other])
        self._alike.append(float(np.corrcoef(one.ravel(), stretched.ravel())[0, 1]))
        self._longer.append(abs(other.shape[1] / one.shape[1] - 1))

    def figures(self) -> Mapping[str, float]:
        """Mean `mel_correlation`, and mean relative difference of the durations."""
        return {
            "mel_correlation": float(np.mean(self._alike or [1.0])),
            "duration_difference": float(np.mean(self._longer or [0.0])),
        }

    def loss(self) -> float:
        """1 - correlation of the spectra."""
        return 1 - self.figures()["mel_correlation"]


def _spectrum(sound: Audio | tuple[Array, int]) -> Array:
    """Log-mel spectrum: float32 (bins, frames)."""
    samples, rate = (sound.samples(), sound.rate) if isinstance(sound, Audio) else sound
    frames = max(1, -(-len(samples) // _HOP))
    return LogMel(bins=_BINS, frames=frames, rate=rate, hop=_HOP, points=_POINTS)(samples)
