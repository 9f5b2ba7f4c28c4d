"""Pictures that the tasks of this package can be tried on: checks, recorded feeds and calibration use them.

They are made, not shipped: shapes and noise of several sizes, and text that is set. Knows nothing of any model.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from hub_vision.typesetting import page

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["files", "image_classification", "image_to_text"]

_TEXTS = (
    "The quick brown fox jumps over the lazy dog.",
    "Invoice No. 2024-117\nTotal: 1,249.50 EUR\nDue on 30 June",
    "MINUTES\nThe committee met at nine and heard two reports.\nThe next meeting is on Thursday.",
)


def image_classification() -> list[Array]:
    """A gradient, discs on a ground, stripes, and noise; wide, tall and small."""
    random = np.random.default_rng(7)
    return [
        _gradient(240, 320),
        _discs(random, 360, 240),
        np.tile(np.repeat(np.array([[[250, 200, 30], [20, 60, 160]]], np.uint8), 16, axis=1), (300, 10, 1)),
        random.integers(0, 256, (96, 128, 3), dtype=np.uint8),
    ]


def image_to_text() -> list[Array]:
    """A line, an invoice and a page."""
    return [np.asarray(page(text, 28, margins=(40, 30))) for text in _TEXTS]


def files(paths: tuple[Path, ...]) -> list[Path]:
    """Each file of a data set is an input, as it is: the codec of pictures reads it."""
    return list(paths)


def _gradient(height: int, width: int) -> Array:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 255 // height, columns * 255 // width, (rows + columns) % 256], axis=2).astype(np.uint8)


def _discs(random: np.random.Generator, height: int, width: int) -> Array:
    picture = Image.new("RGB", (width, height), (230, 225, 210))
    pen = ImageDraw.Draw(picture)
    for x, y, radius, *colour in random.integers(0, (width, height, 60, 256, 256, 256), (20, 6)).tolist():
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tuple(colour))
    return np.asarray(picture)
