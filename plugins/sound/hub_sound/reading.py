"""Turns what a person has into the kind `audio`: a path, bytes, a stream, an array with its rate.

Knows no format.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.errors import InputError
from hub.types import Audio
from hub_sound.recording import Clip, Recording
from hub_sound.samples import check_rate, mono

__all__ = ["read"]

_TAKES = "It takes a path, bytes, a binary stream, or (samples, rate)."


def read(given: object) -> Audio:
    """Sound of what was given.

    Parameters
    ----------
    given
        Path of a file, as `Path` or `str`; the bytes of one; a binary stream of them; `(samples, rate)`, where the
        samples are an array of (frames,) or (frames, channels); a mapping with `array` (or `raw`) and
        `sampling_rate`, as data sets of Hugging Face have; or what `read` gave before.

    Raises
    ------
    InputError
        It is none of these, or not sound.
    """
    if isinstance(given, Audio):
        return given
    if isinstance(given, str | Path):
        return _file(Path(given))
    if isinstance(given, bytes | bytearray | memoryview):
        return _bytes(bytes(given))
    if isinstance(given, Mapping):
        return _mapping(given)
    if isinstance(given, tuple) and len(given) == 2:
        return _pair(*given)
    reader = getattr(given, "read", None)
    if callable(reader):
        content = reader()
        if isinstance(content, bytes):
            return _bytes(content)
        raise InputError("sound comes from a stream of bytes, and this one gives text", hint='Open it with mode "rb".')
    if hasattr(given, "__array__"):
        raise InputError("samples alone do not say their sample rate", hint="Give (samples, rate), the rate in Hz.")
    raise InputError(f"{type(given).__name__} is not sound", hint=_TAKES)


def _file(given: Path) -> Audio:
    path = given.expanduser()
    if path.is_dir():
        raise InputError(f"{path} is a folder and not sound")
    if not path.exists():
        raise InputError(f"{path} does not exist")
    if path.is_file() and not path.stat().st_size:
        raise InputError(f"{path} holds no sound: it is empty")
    return Recording(path.absolute(), str(path))


def _bytes(content: bytes) -> Audio:
    if not content:
        raise InputError("there is no sound: zero bytes were given")
    return Recording(content, "the given sound")


def _mapping(given: Mapping[Any, Any]) -> Audio:  # Any: whatever a caller has
    samples = given.get("array", given.get("raw"))
    if samples is None or "sampling_rate" not in given:
        raise InputError("a mapping is sound if it has 'array' and 'sampling_rate'", hint=_TAKES)
    return _pair(samples, given["sampling_rate"])


def _pair(samples: object, rate: object) -> Audio:
    return Clip(mono(samples), check_rate(rate))
