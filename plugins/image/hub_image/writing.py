"""Writes a picture in the form of a suffix, and says what it is. Knows nothing of models."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from hub.errors import InputError
from hub.types import JSON
from hub_image.plugin import SUFFIXES

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["describe", "write"]

_FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".ppm": "PPM",
}
_SETTINGS: dict[str, dict[str, Any]] = {  # Any: each format of Pillow has settings of its own
    "JPEG": {"quality": 92},
    "WEBP": {"quality": 90},
    "TIFF": {"compression": "tiff_lzw"},
}


def write(value: Array, suffix: str) -> bytes:
    """Target of the kind: a picture, uint8 (height, width, 3), as the bytes of a file.

    Raises
    ------
    InputError
        The suffix is of no format that is written, or the picture does not fit into it.
    """
    kind = _FORMATS.get(suffix.lower())
    if kind is None:
        raise InputError(f"a picture is not written as '{suffix}'; known: {', '.join(SUFFIXES)}")
    out = BytesIO()
    try:
        Image.fromarray(_checked(value)).save(out, format=kind, **_SETTINGS.get(kind, {}))
    except (OSError, ValueError) as error:
        raise InputError(f"the picture cannot be written as {kind}: {error}") from error
    return out.getvalue()


def describe(value: Array) -> JSON:
    """Target of the kind: what is shown of a picture where it cannot be shown itself."""
    height, width = _checked(value).shape[:2]
    return {"width": width, "height": height}


def _checked(value: Array) -> Array:
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.ndim != 3 or value.shape[2] != 3:
        said = f"{value.dtype} {list(value.shape)}" if isinstance(value, np.ndarray) else type(value).__name__
        raise InputError(f"a picture is a uint8 array (height, width, 3), and this is {said}")
    return value
