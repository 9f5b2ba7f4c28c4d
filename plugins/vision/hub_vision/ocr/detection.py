"""Finds lines of text: a map of how likely each pixel is text becomes boxes.

Differentiable Binarization (Liao et al., 2020, https://arxiv.org/abs/1911.08947): the map is trained on shrunken boxes,
so each region is enclosed by the smallest rectangle, turned as need be, and grown again by area x ratio / perimeter.
Knows nothing of what the text says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Found", "boxes_of", "feed"]

_SHORTEST = 736
_STEP = 32
_TEXT = 0.3
"""A pixel is text from this probability on."""

_MOST = 1000
_THINNEST = 3
_KERNEL = np.ones((2, 2), np.uint8)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A line of text: corners (x, y) from the top left on, clockwise, float32 (4, 2), and the mean probability."""

    corners: Array
    score: float


def feed(picture: Array) -> Array:
    """What the detector takes: float32 (1, 3, height, width), BGR from -1 to 1, the shorter side at least 736."""
    height, width = picture.shape[:2]
    ratio = max(1.0, _SHORTEST / min(height, width))
    tall, wide = (max(_STEP, round(int(side * ratio) / _STEP) * _STEP) for side in (height, width))
    if (tall, wide) != (height, width):
        picture = cv2.resize(picture, (wide, tall))
    values = np.multiply(picture[:, :, ::-1].transpose(2, 0, 1), np.float32(1 / 127.5), dtype=np.float32, order="C")
    values -= 1
    return values[None]


def boxes_of(chances: Array, size: tuple[int, int], *, threshold: float, growth: float) -> list[Found]:
    """Boxes of the lines, in no order.

    Parameters
    ----------
    chances
        float32 (rows, columns): how likely each pixel is text.
    size
        Height and width of the picture that the boxes are to fit.
    threshold
        Least mean probability inside a box.
    growth
        How much boxes grow.
    """
    mask = cv2.dilate((chances > _TEXT).astype(np.uint8), _KERNEL)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    rows, columns = chances.shape
    scale = np.array([size[1] / columns, size[0] / rows], np.float32)
    found = []
    for contour in contours[:_MOST]:
        rectangle = cv2.minAreaRect(contour)
        if min(rectangle[1]) < _THINNEST:
            continue
        score = _mean_inside(chances, cv2.boxPoints(rectangle))
        if score < threshold:
            continue
        grown = _grown(rectangle, growth)
        if min(grown[1]) < _THINNEST + 2:
            continue
        corners = _inside(clockwise(np.rint(cv2.boxPoints(grown) * scale)), size)
        if _large(corners):
            found.append(Found(corners=corners, score=score))
    return found


Rectangle = tuple[Sequence[float], Sequence[float], float]
"""Centre (x, y), width and height, and angle in degrees, as OpenCV has it."""


def _grown(rectangle: Rectangle, growth: float) -> Rectangle:
    """A rectangle whose sides are moved outwards."""
    centre, (width, height), angle = rectangle
    more = width * height * growth / (2 * (width + height))
    return centre, (width + 2 * more, height + 2 * more), angle


def _mean_inside(chances: Array, corners: Array) -> float:
    rows, columns = chances.shape
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, [columns - 1, rows - 1])
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, [columns - 1, rows - 1])
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - [left, top]).astype(np.int32)], (1,))
    return float(cv2.mean(chances[top : bottom + 1, left : right + 1], mask)[0])


def clockwise(corners: Array) -> Array:
    """Four corners from the top left on, clockwise, float32 (4, 2)."""
    ordered = corners[np.argsort(corners[:, 0], kind="stable")]
    left = ordered[:2][np.argsort(ordered[:2, 1], kind="stable")]
    right = ordered[2:][np.argsort(ordered[2:, 1], kind="stable")]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def _inside(corners: Array, size: tuple[int, int]) -> Array:
    return np.asarray(np.clip(corners, 0, [size[1] - 1, size[0] - 1]), np.float32)


def _large(corners: Array) -> bool:
    wide, tall = np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[0] - corners[3])
    return int(wide) > _THINNEST and int(tall) > _THINNEST
