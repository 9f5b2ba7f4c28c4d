"""Checks that inputs are what a codec gives for sound. Knows no codec."""

from __future__ import annotations

from collections.abc import Sequence

from hub.errors import InputError
from hub.types import Audio

__all__ = ["sounds"]


def sounds(inputs: Sequence[object]) -> list[Audio]:
    """Inputs as sounds.

    Raises
    ------
    InputError
        One is none.
    """
    for given in inputs:
        if not isinstance(given, Audio):
            raise InputError(
                f"{type(given).__name__} is not sound",
                hint="Give a file, bytes or (samples, rate); what reads them: hub plugin install openmodelhub-sound",
            )
    return [given for given in inputs if isinstance(given, Audio)]
