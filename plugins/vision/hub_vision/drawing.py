"""Draws answers on the picture that they belong to: labels in a corner, places of text outlined and numbered.

Pictures are uint8 (height, width, 3) in and out. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["labels", "text"]

_LINES = 5
_COLOURS = ("#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf")
_GROUND = (0, 0, 0, 170)
_LATIN = "\u024f"
"""The last letter that the font that comes with Pillow may have: others are drawn as numbers alone."""


def labels(picture: Array, answer: Sequence[Mapping[str, Any]]) -> Array:  # Any: JSON
    """Target of image-classification: the best labels with their scores, in the upper left corner."""
    lines = [f"{each['score']:.0%} {each['label']}" for each in answer[:_LINES]]
    over = Image.fromarray(picture).convert("RGBA")
    layer = Image.new("RGBA", over.size)
    pen = ImageDraw.Draw(layer)
    font = _font(over.height // 18)
    left, top, right, bottom = pen.multiline_textbbox((0, 0), "\n".join(lines), font)
    margin = max(4, over.height // 60)
    pen.rectangle((0, 0, right - left + 2 * margin, bottom - top + 2 * margin), fill=_GROUND)
    pen.multiline_text((margin - left, margin - top), "\n".join(lines), "white", font)
    return np.asarray(Image.alpha_composite(over, layer).convert("RGB"))


def text(picture: Array, answer: Mapping[str, Any]) -> Array:  # Any: JSON
    """Target of image-to-text: each line outlined, with its number in reading order and what was read."""
    over = Image.fromarray(picture)
    pen = ImageDraw.Draw(over)
    width = max(1, round(min(over.size) / 400))
    for number, box in enumerate(answer.get("boxes") or (), start=1):
        colour = _COLOURS[(number - 1) % len(_COLOURS)]
        corners = [tuple(corner) for corner in box["polygon"]]
        pen.line([*corners, corners[0]], fill=colour, width=width, joint="curve")
        _caption(pen, corners[0], str(number), box, colour)
    return np.asarray(over)


def _caption(
    pen: ImageDraw.ImageDraw, corner: tuple[float, ...], number: str, box: Mapping[str, Any], colour: str
) -> None:
    """The number and, where the font has its letters, the text, in a small plate above the box."""
    said = box["text"] if all(letter <= _LATIN for letter in box["text"]) else ""
    tall = box["box"]["ymax"] - box["box"]["ymin"]
    font = _font(tall // 3)
    caption = f"{number} {said}".strip()
    left, top, right, bottom = pen.textbbox((0, 0), caption, font)
    x, y = corner[0], max(0.0, corner[1] - (bottom - top) - 2)
    pen.rectangle((x, y, x + right - left + 2, y + bottom - top + 2), fill=colour)
    pen.text((x + 1 - left, y + 1 - top), caption, "white", font)


def _font(size: int) -> Any:  # Any: of FreeType, or the small one where Pillow was built without
    return ImageFont.load_default(min(64, max(9, size)))
