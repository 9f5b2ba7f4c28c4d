"""Sets a text on a page. Knows nothing of what the page is for."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

__all__ = ["page"]

_Colour = str | tuple[int, int, int]


def page(
    text: str, size: int, *, margins: tuple[int, int], ink: _Colour = "black", ground: _Colour = "white"
) -> Image.Image:
    """Text, set; empty below it like a sheet, since the detector enlarges what is not high.

    Parameters
    ----------
    size
        Height of the letters, in pixels; half of it is between the lines.
    margins
        Pixels at the sides, and above and below.
    """
    font = ImageFont.load_default(size)
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox(
        margins, text, font, spacing=size // 2
    )
    width = int(left + right)
    picture = Image.new("RGB", (width, max(int(top + bottom), 2 * width // 3)), ground)
    ImageDraw.Draw(picture).multiline_text(margins, text, ink, font, spacing=size // 2)
    return picture
