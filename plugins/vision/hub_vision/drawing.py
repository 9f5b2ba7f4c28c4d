"""Draws answers on the picture that they belong to: labels in a corner; lines of text outlined, and read beside it.

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
"""The last letter that the font that comes with Pillow may have: text with others is shown by its number."""


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
    """Target of image-to-text: lines outlined and numbered in reading order, and what they say on a page beside it."""
    boxes = answer.get("boxes") or ()
    if not boxes:
        return picture
    over = Image.fromarray(picture)
    beside = Image.new("RGB", over.size, "white")
    pens = ImageDraw.Draw(over), ImageDraw.Draw(beside)
    width = max(1, round(min(over.size) / 400))
    for number, box in enumerate(boxes, start=1):
        colour = _COLOURS[(number - 1) % len(_COLOURS)]
        corners = [tuple(corner) for corner in box["polygon"]]
        pens[0].line([*corners, corners[0]], fill=colour, width=width, joint="curve")
        _number(pens[0], corners[0], str(number), _font(min(over.size) // 40), colour)
        _said(pens[1], box, str(number), colour)
    return np.concatenate([np.asarray(over), np.asarray(beside)], axis=1)


def _number(pen: ImageDraw.ImageDraw, corner: tuple[float, ...], number: str, font: Any, colour: str) -> None:
    """A small plate at the corner of a line, before it where there is room."""
    left, top, right, bottom = pen.textbbox((0, 0), number, font)
    x, y = max(0.0, corner[0] - (right - left) - 4), max(0.0, corner[1])
    pen.rectangle((x, y, x + right - left + 3, y + bottom - top + 3), fill=colour)
    pen.text((x + 2 - left, y + 2 - top), number, "white", font)


def _said(pen: ImageDraw.ImageDraw, box: Mapping[str, Any], number: str, colour: str) -> None:
    """The text at its own place, as large as it fits; its number where the font does not have its letters."""
    said = box["text"] if all(letter <= _LATIN for letter in box["text"]) else f"[{number}]"
    place = box["box"]
    size = max(9, round((place["ymax"] - place["ymin"]) * 0.75))
    long = pen.textlength(said, _font(size)) or 1
    font = _font(int(size * min(1.0, (place["xmax"] - place["xmin"]) / long)))
    pen.text((place["xmin"], (place["ymin"] + place["ymax"]) / 2), said, colour, font, anchor="lm")


def _font(size: int) -> Any:  # Any: of FreeType, or the small one where Pillow was built without
    return ImageFont.load_default(min(64, max(9, size)))
