"""Inputs that the tasks of this package can be tried on: checks, recorded feeds, calibration and measures use them.

Sounds are made here, as `array` and `sampling_rate`, which a codec reads; speech lies beside this module, said by a
voice from known text (see `benchmarks/spoken.py`). Knows nothing of any model.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["sounds", "spoken", "texts"]

_RATE = 16_000
_SPOKEN = Path(__file__).parent / "spoken"


def texts() -> list[str]:
    """Short and long, of one sentence and of several, with numbers."""
    return [
        "Hello there.",
        "The boat left the harbour at half past nine, and nobody saw it again!",
        "Where were you on the 3rd of May? I was at home; it rained all day. Ask my neighbour.",
    ]


def sounds() -> list[dict[str, Any]]:  # Any: arrays and numbers
    """A vowel that rises, the same in noise, and silence with a click."""
    noise = np.random.default_rng(0).normal(0, 0.02, 3 * _RATE).astype(np.float32)
    vowel = _vowel(2.0)
    silence = np.zeros(_RATE, np.float32)
    silence[_RATE // 2] = 0.5
    louder = noise.copy()
    louder[_RATE // 2 : _RATE // 2 + len(vowel)] += vowel
    return [{"array": samples, "sampling_rate": _RATE} for samples in (vowel, louder, silence)]


def spoken() -> list[tuple[Path, str]]:
    """Files with speech of three speeds, and what is said in each."""
    lines = (_SPOKEN / "spoken.jsonl").read_text(encoding="utf-8").splitlines()
    return [(_SPOKEN / entry["file"], entry["label"]) for entry in map(json.loads, lines)]


def _vowel(seconds: float) -> Array:
    """Harmonics of a rising voice, louder near the formants of an `a`: float32 (frames,)."""
    time = np.arange(round(seconds * _RATE)) / _RATE
    pitch = 110 + 20 * time / seconds
    phase = 2 * np.pi * np.cumsum(pitch) / _RATE
    found = np.zeros_like(time)
    for harmonic in range(1, 30):
        frequency = harmonic * pitch
        strength = sum(np.exp(-(((frequency - formant) / 150) ** 2)) for formant in (730, 1090, 2440))
        found += (strength + 0.02) * np.sin(harmonic * phase)
    envelope = np.minimum(1, np.minimum(time, seconds - time) / 0.05)
    loud: Array = (0.3 * envelope * found / np.abs(found).max()).astype(np.float32)
    return loud
