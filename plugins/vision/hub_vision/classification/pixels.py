"""Resizes and crops pictures: uint8 (height, width, 3) in and out. The one module here that imports Pillow's filters.

Knows nothing of models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["crop", "resize"]


def resize(picture: Array, size: tuple[int, int], resample: int) -> Array:
    """The picture at another height and width.

    Parameters
    ----------
    resample
        Filter, by Pillow's number: 0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic, 4 box, 5 Hamming.
    """
    height, width = size
    if picture.shape[:2] == (height, width):
        return picture
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling(resample)))


def crop(picture: Array, height: int, width: int) -> Array:
    """The middle of a picture; black is added around one that is smaller."""
    tall, wide = picture.shape[:2]
    top, left = (tall - height) // 2, (wide - width) // 2
    if top >= 0 and left >= 0:
        return picture[top : top + height, left : left + width]
    grown = np.zeros((max(height, tall), max(width, wide), picture.shape[2]), picture.dtype)
    above, before = -((tall - grown.shape[0]) // 2), -((wide - grown.shape[1]) // 2)
    grown[above : above + tall, before : before + wide] = picture
    top, left = top + above, left + before
    return grown[max(0, top) : top + height, max(0, left) : left + width]
