"""Brings a picture to a size that text detection works on, and places back to the picture as it was given.

Knows nothing of text. Pictures are uint8 (height, width, 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Scaled", "scaled"]

_STEP = 32
"""Sides are multiples of it: the detector halves them five times."""

_SHORTEST = 30
_FLATTEST = 8
"""Pictures that are flatter, such as one line of text, get bars above and below: the detector expects some height."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaled:
    """A picture that was scaled and padded.

    Parameters
    ----------
    picture
        What the detector works on.
    ratio
        Pixels of the given picture for each of this one, (x, y).
    above
        Rows that were added at the top.
    size
        Height and width of the given picture.
    """

    picture: Array
    ratio: tuple[float, float]
    above: int
    size: tuple[int, int]

    def back(self, places: Array) -> Array:
        """Places (x, y) in the given picture, float32 (…, 2), none outside of it."""
        found = (places - np.array([0, self.above], np.float32)) * np.array(self.ratio, np.float32)
        height, width = self.size
        return np.asarray(np.clip(found, 0, [width, height]), np.float32)


def scaled(picture: Array, longest: int) -> Scaled:
    """The picture, no side longer than `longest`, none very short, not very flat."""
    height, width = picture.shape[:2]
    work = picture
    if max(work.shape[:2]) > longest:
        work = _resized(work, longest / max(work.shape[:2]))
    if min(work.shape[:2]) < _SHORTEST:
        work = _resized(work, _SHORTEST / min(work.shape[:2]))
    ratio = (width / work.shape[1], height / work.shape[0])
    above = _bar(*work.shape[:2])
    if above:
        work = cv2.copyMakeBorder(work, above, above, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    return Scaled(picture=work, ratio=ratio, above=above, size=(height, width))


def _resized(picture: Array, ratio: float) -> Array:
    height, width = (max(_STEP, round(int(side * ratio) / _STEP) * _STEP) for side in picture.shape[:2])
    return np.asarray(cv2.resize(picture, (width, height)))


def _bar(height: int, width: int) -> int:
    if height > _SHORTEST and width / height <= _FLATTEST:
        return 0
    return int(abs(max(int(width / _FLATTEST), _SHORTEST) * 2 - height) / 2)
