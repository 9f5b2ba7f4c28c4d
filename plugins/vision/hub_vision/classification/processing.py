"""Turns a picture into `pixel_values`, as a model's `preprocessor_config.json` says: resize, crop, rescale, normalise.

The numbers are those of transformers' own image processors over Pillow. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.errors import InferenceError
from hub.types import JSON
from hub_vision.classification.pixels import crop, resize
from hub_vision.classification.processors import PROCESSORS, Processor
from hub_vision.files import read_object

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Processing", "read_processing"]

Size = Mapping[str, int]


class Processing:
    """Makes `pixel_values` of pictures.

    Parameters
    ----------
    settings
        Fields of `preprocessor_config.json`, complete.
    own
        What the class of the image processor does in a way of its own, see `Processor`.

    Raises
    ------
    InferenceError
        A field has a value that no image processor takes.
    """

    def __init__(self, settings: Mapping[str, JSON], *, square: bool = True, own: str = "") -> None:
        self._own = own
        self._size = _size(settings.get("size"), square=square) if settings["do_resize"] else None
        self._crop = _size(settings.get("crop_size"), square=True) if settings["do_center_crop"] else None
        self._filter = _number(settings, "resample")
        self._crop_pct = settings.get("crop_pct")
        self._flip = settings.get("do_flip_channel_order") is True
        self._table = _table(settings, normalised=own != "mobilevit")

    def __call__(self, picture: Array) -> Array:
        """`pixel_values` of one picture: uint8 (height, width, 3) to float32 (3, height, width)."""
        pixels = self._sized(picture)
        values = np.empty((3, *pixels.shape[:2]), np.float32)
        for channel, table in enumerate(self._table):
            np.take(table, pixels[:, :, channel], out=values[2 - channel if self._flip else channel], mode="clip")
        return values

    def _sized(self, picture: Array) -> Array:
        if self._own == "perceiver" and self._crop and self._size:
            shorter = min(picture.shape[:2])
            sides = (int(self._size[side] / self._crop[side] * shorter) for side in ("height", "width"))
            return resize(crop(picture, *sides), self._target(picture), self._filter)
        if self._size is not None:
            picture = resize(picture, self._target(picture), self._filter)
            shortest = self._size.get("shortest_edge", 0)
            if self._own == "convnext" and shortest < _WARPED:
                picture = crop(picture, shortest, shortest)
        return picture if self._crop is None else crop(picture, self._crop["height"], self._crop["width"])

    def _target(self, picture: Array) -> tuple[int, int]:
        """Height and width to resize to."""
        assert self._size is not None
        shortest, longest = self._size.get("shortest_edge", 0), self._size.get("longest_edge")
        pct = self._crop_pct if isinstance(self._crop_pct, int | float) else None
        if self._own == "poolformer" and pct:
            return _poolformer(picture, self._size, pct)
        if not shortest:
            return self._size["height"], self._size["width"]
        if self._own == "convnext":
            if shortest >= _WARPED:
                return shortest, shortest
            return _by_shorter(picture, int(shortest / (pct or _CONVNEXT_PCT)))
        if self._own == "levit":
            return _by_shorter(picture, int((256 / 224) * shortest))
        return _within(picture, shortest, longest) if longest else _by_shorter(picture, shortest)


_WARPED = 384  # from this size on ConvNeXt squeezes the whole picture into the square
_CONVNEXT_PCT = 224 / 256


def read_processing(folder: Path) -> Processing:
    """The processing that the files of a model ask for.

    Raises
    ------
    InferenceError
        The file cannot be read, or names an image processor that is not known here.
    """
    content = read_object(folder / "preprocessor_config.json")
    said = content.get("image_processor_type") or content.get("feature_extractor_type") or ""
    name = str(said).removesuffix("Fast").removesuffix("Pil").replace("FeatureExtractor", "ImageProcessor")
    known = PROCESSORS.get(name)
    if known is None and (said or not _complete(content)):
        what = (
            f"uses {said}, which is" if said else "names no image processor and leaves values out, so what it asks is"
        )
        raise InferenceError(
            f"preprocessor_config.json {what} not known here",
            hint=f"Known are: {', '.join(sorted(PROCESSORS))}",
        )
    known = known or Processor()
    given = {key: value for key, value in content.items() if value is not None or key not in known.defaults}
    plain = dict.fromkeys(("do_resize", "do_center_crop", "do_rescale", "do_normalize"), False)
    return Processing({**plain, **known.defaults, **given}, square=known.square, own=known.own)


def _table(settings: Mapping[str, JSON], *, normalised: bool) -> Array:
    """What each of the 256 values of a channel becomes, float32 (3, 256): the same as if each pixel were computed."""
    values = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1).astype(np.float64)
    if settings["do_rescale"]:
        values = values * float(_number(settings, "rescale_factor"))
    found: Array = values.astype(np.float32)
    if settings["do_rescale"] and settings.get("rescale_offset") is True:
        found -= 1
    if settings["do_normalize"] and normalised:
        found = (found - _three(settings, "image_mean")) / _three(settings, "image_std")
    if settings.get("include_top") is True:
        found = (found - np.float32(0)) / _three(settings, "image_std")
    return np.ascontiguousarray(found.T)


def _complete(content: Mapping[str, JSON]) -> bool:
    return all(key in content for key in ("do_resize", "size", "do_normalize", "image_mean", "image_std"))


def _size(value: JSON, *, square: bool) -> Size:
    """Both sides, or the shorter one, of a number, a pair or an object."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = {"height": value, "width": value} if square else {"shortest_edge": value}
    elif isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        value = {"height": value[0], "width": value[1]}
    known = {"height", "width"}, {"shortest_edge"}, {"shortest_edge", "longest_edge"}
    if isinstance(value, Mapping):
        found = {key: side for key, side in value.items() if isinstance(side, int) and side > 0}
        if found.keys() in known:
            return found
    raise InferenceError(f"preprocessor_config.json gives a size that is none: {value}")


def _number(settings: Mapping[str, JSON], name: str) -> Any:  # Any: an int or a float, as the file has it
    value = settings.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InferenceError(f"preprocessor_config.json gives no number as {name}: {value}")
    return value


def _three(settings: Mapping[str, JSON], name: str) -> Array:
    """A number for each channel, float32 (3,)."""
    value = settings.get(name)
    several = [value] * 3 if isinstance(value, int | float) else value
    if not isinstance(several, list) or len(several) != 3 or not all(isinstance(each, int | float) for each in several):
        raise InferenceError(f"preprocessor_config.json gives no three numbers as {name}: {value}")
    return np.array(several, np.float32)


def _by_shorter(picture: Array, side: int) -> tuple[int, int]:
    height, width = picture.shape[:2]
    longer = int(side * max(height, width) / min(height, width))
    return (longer, side) if width <= height else (side, longer)


def _within(picture: Array, shortest: int, longest: int) -> tuple[int, int]:
    """The shorter side, unless the longer one then passes its own limit."""
    height, width = picture.shape[:2]
    least, most = float(min(height, width)), float(max(height, width))
    exact = None
    if most / least * shortest > longest:
        exact = longest * least / most
        shortest = round(exact)
    if shortest == min(height, width):
        return height, width
    longer = int((shortest if exact is None else exact) * most / least)
    return (longer, shortest) if width < height else (shortest, longer)


def _poolformer(picture: Array, size: Size, pct: float) -> tuple[int, int]:
    """Larger by what the crop takes off; a square is resized by its shorter side too."""
    if "shortest_edge" in size:
        return _by_shorter(picture, int(size["shortest_edge"] / pct))
    if size["height"] == size["width"]:
        return _by_shorter(picture, int(size["height"] / pct))
    return int(size["height"] / pct), int(size["width"] / pct)
