"""What `hub plugin check` tries this package on: half a second of a tone."""

from __future__ import annotations

from typing import Any

import numpy as np

from hub.plugin import Fixture, KindFixture

__all__ = ["fixtures"]

RATE = 16000


def fixtures() -> list[Fixture]:
    """Give one for each part."""
    return [KindFixture(of="kinds/audio", given=tone)]


def tone() -> tuple[np.ndarray[Any, np.dtype[np.float32]], int]:
    """Samples, float32 (frames,), and their rate in Hz: 440 Hz at half of full scale."""
    return (np.sin(np.arange(RATE // 2) * 2 * np.pi * 440 / RATE) / 2).astype(np.float32), RATE
