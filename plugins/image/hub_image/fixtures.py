"""What `hub plugin check` tries this package on: a small picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from hub.plugin import Fixture, KindFixture

__all__ = ["fixtures"]


def fixtures() -> list[Fixture]:
    """Give one for each part."""
    return [KindFixture(of="kinds/image", given=picture)]


def picture() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Noise in RGB, uint8 (9, 16, 3), the same each time."""
    return np.random.default_rng(0).integers(0, 256, (9, 16, 3), dtype=np.uint8)
