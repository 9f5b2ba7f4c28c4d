"""Reads a picture from whatever a person has: a path, bytes, a stream, an array, an object of Pillow.

The size is read from the header and checked before a pixel is decoded. Only formats of pixels are tried: those whose
readers call other programs, such as EPS, are not. Knows nothing of models.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from hub.errors import InputError
from hub_image.pixels import from_array

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["LIMIT", "read"]

LIMIT = 64_000_000
"""Most pixels of a picture, where `HUB_IMAGE_MAX_PIXELS` does not say otherwise."""

_SETTING = "HUB_IMAGE_MAX_PIXELS"
_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "ICO")
_ORIENTATION = 0x0112  # tag of EXIF
_SHOWN = 80


def read(given: object) -> Array:
    """Target of the kind: a picture as uint8 (height, width, 3), RGB, turned as its EXIF data says.

    Parameters
    ----------
    given
        A path, the bytes of a file, a binary stream, an array, or a picture of Pillow. Transparent pixels are laid on
        white. Of several frames the first is taken.

    Raises
    ------
    InputError
        It is no picture, is cut off, or has more pixels than are allowed.
    """
    if isinstance(given, Image.Image):
        return _pixels(given, "the picture")
    if isinstance(given, str | Path):
        return _file(Path(given).expanduser())
    if isinstance(given, bytes | bytearray | memoryview):
        return _stream(BytesIO(given), f"{len(given)} bytes")
    if hasattr(given, "read"):
        stream: Any = given  # Any: an object that reads; what it gives is checked
        content = stream.read()
        if not isinstance(content, bytes):
            raise InputError(f"a stream gave {type(content).__name__}; a picture is bytes: open it with mode 'rb'")
        return _stream(BytesIO(content), str(getattr(stream, "name", "the stream")))
    if hasattr(given, "__array__"):
        array = np.asarray(given)
        if array.ndim > 1:
            _refuse_large(array.shape[1], array.shape[0], "the array")
        return from_array(array)
    raise InputError(
        f"{type(given).__name__} is no picture; a path, bytes, a binary stream, an array or a Pillow image is taken"
    )


def limit() -> int:
    """Most pixels that are allowed, from the environment.

    Raises
    ------
    InputError
        The setting is no number.
    """
    said = os.environ.get(_SETTING, "")
    if not said:
        return LIMIT
    try:
        return int(said)
    except ValueError as error:
        raise InputError(f"{_SETTING} is '{said}'; it is a number of pixels, such as {LIMIT}") from error


def _file(path: Path) -> Array:
    if path.is_dir():
        raise InputError(f"{path} is a folder, and no picture")
    try:
        with path.open("rb") as stream:
            return _stream(stream, str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _stream(stream: IO[bytes], name: str) -> Array:
    with _explaining(name):
        picture = Image.open(stream, formats=_known())
    with picture:
        return _pixels(picture, name)


def _pixels(picture: Image.Image, name: str) -> Array:
    _refuse_large(picture.width, picture.height, name)
    with _explaining(name):
        picture.load()
        return np.ascontiguousarray(_rgb(_turned(picture)))


def _turned(picture: Image.Image) -> Image.Image:
    """The picture as the camera was held; as it is stored where its EXIF data is damaged."""
    try:
        return ImageOps.exif_transpose(picture) if picture.getexif().get(_ORIENTATION, 1) != 1 else picture
    except Exception:  # metadata of any kind of damage is no reason to refuse sound pixels
        return picture


def _rgb(picture: Image.Image) -> Array:
    """Pixels in RGB; deep ones scaled to 8 bits, transparent ones laid on white."""
    if picture.mode.startswith(("I", "F")):
        return from_array(_scaled(np.asarray(picture), picture.mode))
    if picture.has_transparency_data:
        over = picture.convert("RGBA")
        white = Image.new("RGBA", over.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, over)
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _scaled(values: Array, mode: str) -> Array:
    """Values of a deep grey picture as uint8: 16 bits by their range, others by what they hold."""
    if mode.startswith("I;16") or (mode == "I" and values.size and values.min() >= 0 and values.max() <= 0xFFFF):
        return (values.astype(np.uint32) // 257).astype(np.uint8)
    least, most = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if not np.isfinite([least, most]).all():
        raise InputError("it holds values that are no numbers")
    if least == most:
        return np.zeros(values.shape, np.uint8)
    return np.rint((values.astype(np.float64) - least) / (most - least) * 255).astype(np.uint8)


def _refuse_large(width: int, height: int, name: str) -> None:
    allowed = limit()
    if not width or not height:
        raise InputError(f"{name} has no pixels: {width} x {height}")
    if width * height > allowed:
        raise InputError(
            f"{name} has {width} x {height} = {width * height / 1e6:.0f} megapixels; {allowed / 1e6:g} are allowed",
            hint=f"Make it smaller, or allow more pixels: {_SETTING}={width * height}",
        )


@contextmanager
def _explaining(name: str) -> Iterator[None]:
    """What decoders raise, which can be nearly anything, as an error that names the picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, which are checked here, and of metadata that is odd
            yield
    except InputError as error:
        raise InputError(f"{name} cannot be read as a picture: {error.message}", hint=error.hint) from error
    except UnidentifiedImageError as error:
        raise InputError(f"{name} is no picture of a known format: {', '.join(_known())}") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:_SHOWN] or type(error).__name__
        raise InputError(f"{name} cannot be read as a picture: {reason}") from error


@cache
def _known() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)
