"""Sound that is made here."""

from __future__ import annotations

import numpy as np

from tests.conftest import hub_home  # noqa: F401

RATE = 22_050


def tone(seconds: float, rate: int = RATE, frequency: float = 440.0) -> np.ndarray:
    """A sine at half of full scale: float32 (frames,)."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)
