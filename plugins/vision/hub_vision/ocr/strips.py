"""Cuts lines out of a picture as upright strips, and makes batches of strips. Knows nothing of what they say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["batches", "cut_out", "turned"]

_UPRIGHT = 1.5
"""A strip that is taller than this many times its width is text that runs downwards."""


def cut_out(picture: Array, corners: Array) -> Array:
    """What lies between four corners (x, y), clockwise from the top left, as a strip (height, width, 3)."""
    width = int(max(math.dist(corners[0], corners[1]), math.dist(corners[2], corners[3])))
    height = int(max(math.dist(corners[0], corners[3]), math.dist(corners[1], corners[2])))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    strip = cv2.warpPerspective(
        picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC
    )
    return np.rot90(strip) if height / width >= _UPRIGHT else np.asarray(strip)


def turned(strip: Array) -> Array:
    """The strip upside down."""
    return np.ascontiguousarray(strip[::-1, ::-1])


def batches(
    strips: Sequence[Array], size: int, *, height: int, width: int, grow: bool
) -> Iterator[tuple[list[int], Array]]:
    """Numbers of strips, and the strips as float32 (batch, 3, height, width), BGR from -1 to 1, zeros at the right.

    Strips of like shape come together, so that little is padded.

    Parameters
    ----------
    grow
        Whether a batch is as wide as its widest strip needs, and at least `width`; else wider ones are squeezed.
    """
    shapes = [strip.shape[1] / strip.shape[0] for strip in strips]
    order = sorted(range(len(strips)), key=shapes.__getitem__)
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        wide = max(width, int(height * shapes[chosen[-1]])) if grow else width
        batch = np.zeros((len(chosen), 3, height, wide), np.float32)
        for row, number in enumerate(chosen):
            fitting = min(wide, math.ceil(height * shapes[number]))
            pixels = cv2.resize(strips[number], (fitting, height))
            batch[row, :, :, :fitting] = pixels[:, :, ::-1].transpose(2, 0, 1)
            batch[row, :, :, :fitting] /= 127.5
            batch[row, :, :, :fitting] -= 1
        yield chosen, batch
