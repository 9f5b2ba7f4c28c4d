"""Turns the kind `audio` into the bytes of a file."""

from __future__ import annotations

from hub.types import Audio
from hub_sound.library import RATES, encode

__all__ = ["write"]

_SECONDS = 30.0


def write(value: Audio, suffix: str) -> bytes:
    """Sound as a file of the form that the suffix names, mono, in 16 bits where the form has bits.

    A form that lacks the rate of the sound (MP3 and Opus have a few) is written at the next higher one.

    Raises
    ------
    InputError
        No such form is known.
    """
    rate = _rate(value.rate, RATES.get(suffix.lower(), ()))
    return encode(value.blocks(_SECONDS, rate), rate, suffix)


def _rate(rate: int, known: tuple[int, ...]) -> int:
    if not known:
        return rate
    return next((each for each in known if each >= rate), known[-1])
