"""Arrays of any usual form as pixels: uint8 (height, width, 3). Knows nothing of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hub.errors import InputError

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["from_array"]

_ALPHA = 4


def from_array(array: Array) -> Array:
    """The picture that an array holds.

    Parameters
    ----------
    array
        (height, width), or (height, width, channels) with 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels.
        bool, uint8, uint16, or floating point from 0 to 1.

    Raises
    ------
    InputError
        Another shape or dtype, or numbers outside of 0 to 1.
    """
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in {1, 2, 3, 4}:
        raise InputError(
            f"an array of shape {list(array.shape)} is no picture",
            hint="A picture is (height, width) or (height, width, channels) with 1 to 4 channels, the channels last.",
        )
    pixels = _eight_bits(array)
    if pixels.shape[2] in {2, _ALPHA}:
        pixels = _on_white(pixels)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return np.ascontiguousarray(pixels)


def _eight_bits(array: Array) -> Array:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint16:
        return (array // 257).astype(np.uint8)
    if np.issubdtype(array.dtype, np.floating):
        if array.size and not (array.min() >= 0 and array.max() <= 1):
            raise InputError(
                f"an array of {array.dtype} holds {array.min():g} to {array.max():g}; numbers from 0 to 1 are taken",
                hint="Divide by the largest value, or give uint8.",
            )
        return np.asarray(np.rint(array * 255), np.uint8)
    raise InputError(f"an array of {array.dtype} is no picture; bool, uint8, uint16 or floats from 0 to 1 are taken")


def _on_white(pixels: Array) -> Array:
    """Colours laid on white by their alpha, which is the last channel."""
    alpha = pixels[:, :, -1:].astype(np.float32) / 255
    laid = pixels[:, :, :-1] * alpha + 255 * (1 - alpha)
    return np.rint(laid).astype(np.uint8)
