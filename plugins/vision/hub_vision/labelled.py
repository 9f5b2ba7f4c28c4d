"""Pictures of which is known what is on them: measures are taken on these where the person names none.

Photos are those of the task's data set whose subject nobody doubts, each in several views; pages are set here, plainly
and as they come from a scanner or a screen. Knows nothing of any model.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from hub_vision.typesetting import page

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["pages", "photos"]

_SUBJECTS = {"chelsea.png": "Egyptian cat", "coffee.png": "espresso"}
"""Names of ImageNet."""

_TEXTS = (
    "The committee met on Tuesday and heard two reports.\nThe first, on drainage, ran to forty pages.\n"
    "Total cost: 12,480.50 EUR, due on 30 June 2026.",
    "WARNING: do not open while running.\nModel XK-47/B  Serial 0093-1182-QZ\nhttps://example.org/help?id=17",
)
_INK, _GROUND = (20, 20, 25), (250, 250, 246)


def photos(paths: tuple[Path, ...]) -> list[tuple[Array, str]]:
    """Eight views of each photo whose subject is known: whole, mirrored, cut to each corner, smaller, darker."""
    known = ((path, _SUBJECTS[path.name]) for path in paths if path.name in _SUBJECTS)
    return [(view, label) for path, label in known for view in _views(path)]


def pages() -> list[tuple[Array, str]]:
    """Two texts, each plain, small, light on dark, askew, blurred, and with grain."""
    grain = np.random.default_rng(11)
    ways: tuple[Callable[[str], Image.Image], ...] = (
        lambda text: _page(text, 28),
        lambda text: _page(text, 15),
        lambda text: _page(text, 24, ink=(240, 240, 200), ground=(25, 40, 90)),
        lambda text: _page(text, 24).rotate(2.0, Image.Resampling.BICUBIC, expand=True, fillcolor=_GROUND),
        lambda text: _page(text, 22).filter(ImageFilter.GaussianBlur(1.4)),
        lambda text: _grained(_page(text, 22), grain),
    )
    return [(np.asarray(way(text)), text) for text in _TEXTS for way in ways]


def _views(path: Path) -> list[Array]:
    with Image.open(path) as file:
        photo = file.convert("RGB")
    width, height = photo.size
    wide, high = round(0.85 * width), round(0.85 * height)
    corners = ((x, y, x + wide, y + high) for x in (0, width - wide) for y in (0, height - high))
    views = (
        photo,
        photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        *(photo.crop(corner) for corner in corners),
        photo.resize((width // 3, height // 3), Image.Resampling.BILINEAR),
        ImageEnhance.Brightness(photo).enhance(0.5),
    )
    return [np.asarray(view) for view in views]


def _page(
    text: str, size: int, *, ink: tuple[int, int, int] = _INK, ground: tuple[int, int, int] = _GROUND
) -> Image.Image:
    return page(text, size, margins=(size, size), ink=ink, ground=ground)


def _grained(sheet: Image.Image, random: np.random.Generator) -> Image.Image:
    values = np.asarray(sheet, np.float32)
    noisy = values + random.normal(0, 40, (*values.shape[:2], 1))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
