"""Log-mel spectrograms as Whisper was trained on (Radford et al., 2022; mel scale of Slaney, 1998).

Gives the numbers of the `WhisperFeatureExtractor` of transformers. Knows nothing of models.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["LogMel"]

_LINEAR_TO = 1000.0  # Hz; the mel scale is linear up to here, and logarithmic above
_MELS_PER_HZ = 3 / 200
_LOG_STEP = np.log(6.4) / 27
_FLOOR = 1e-10
_RANGE = 8.0  # powers of ten below the loudest that are kept


class LogMel:
    """Turns a window of sound into the features of it.

    Parameters
    ----------
    bins
        Bands of frequency.
    frames
        Of a window; what is shorter is padded with silence.
    rate, hop, points
        Samples in a second, between two frames, and in the spectrum of one.
    """

    def __init__(self, *, bins: int, frames: int, rate: int = 16_000, hop: int = 160, points: int = 400) -> None:
        self.bins, self.frames = bins, frames
        self.rate, self.hop, self.points = rate, hop, points

    @property
    def samples(self) -> int:
        """Samples of a window."""
        return self.frames * self.hop

    def __call__(self, sound: Array) -> Array:
        """Features: float32 (bins, frames).

        Parameters
        ----------
        sound
            float32 (samples,), at most those of a window.
        """
        padded = np.zeros(self.samples, np.float32)
        padded[: len(sound)] = sound
        heard = min(self.frames, (len(sound) + self.points // 2) // self.hop + 1)  # the frames behind it hear silence
        found = np.full((self.bins, self.frames), np.log10(_FLOOR), np.float32)
        found[:, :heard] = np.log10(np.maximum(self._filters @ self._power(padded, heard), _FLOOR))
        np.maximum(found, found.max() - _RANGE, out=found)
        found += 4.0
        found /= 4.0
        return found

    def _power(self, padded: Array, count: int) -> Array:
        """Power of each frequency in the first frames: float32 (points / 2 + 1, count)."""
        half = self.points // 2
        around = np.pad(padded, half, mode="reflect")
        rows = np.lib.stride_tricks.sliding_window_view(around, self.points)[:: self.hop][:count]
        spectrum = np.fft.rfft(rows * self._window, axis=1)
        power: Array = (spectrum.real**2 + spectrum.imag**2).T
        return power

    @cached_property
    def _window(self) -> Array:
        """Hann's, periodic."""
        return np.hanning(self.points + 1)[:-1].astype(np.float32)

    @cached_property
    def _filters(self) -> Array:
        """Triangles over the frequencies, of equal area: float32 (bins, points / 2 + 1)."""
        frequencies = np.linspace(0, self.rate / 2, self.points // 2 + 1)
        edges = _hertz(np.linspace(0, _mel(self.rate / 2), self.bins + 2))
        widths = np.diff(edges)
        slopes = edges[:, None] - frequencies[None]
        falling = -slopes[:-2] / widths[:-1, None]
        rising = slopes[2:] / widths[1:, None]
        triangles = np.maximum(0, np.minimum(falling, rising))
        found: Array = (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
        return found


def _mel(hertz: float) -> float:
    linear = hertz * _MELS_PER_HZ
    return linear if hertz < _LINEAR_TO else float(_LINEAR_TO * _MELS_PER_HZ + np.log(hertz / _LINEAR_TO) / _LOG_STEP)


def _hertz(mels: Array) -> Array:
    corner = _LINEAR_TO * _MELS_PER_HZ
    found: Array = np.where(mels < corner, mels / _MELS_PER_HZ, _LINEAR_TO * np.exp(_LOG_STEP * (mels - corner)))
    return found
