"""Has a window written, and written again at a higher temperature where what came repeats itself or is hardly believed.

The limits are those of the paper (Radford et al., 2022, section 4.5). Knows nothing of sound.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace

from hub.runtime.protocols import Emit, Generate, Generated, Session

__all__ = ["heard_nothing", "write"]

_HIGHER = (0.2, 0.4, 0.6, 0.8, 1.0)
_MOST_REPETITION = 2.4  # how many times smaller zlib makes the text
_LEAST_LOGPROB = -1.0
_MOST_NO_SPEECH = 0.6


def write(
    session: Session, request: Generate, decode: Callable[[tuple[int, ...]], str], emit: Emit, *, again: bool
) -> Generated:
    """The first answer that can be believed, else the last one.

    Parameters
    ----------
    request
        For one prompt.
    decode
        Ids to text.
    again
        Whether to write more than once.
    """
    found = session.generate(request, emit)[0]
    for temperature in (each for each in _HIGHER if again and each > request.sampling.temperature):
        if found.finish == "cancelled" or heard_nothing(found) or not _doubtful(found, decode(found.ids)):
            break
        found = session.generate(replace(request, sampling=replace(request.sampling, temperature=temperature)), emit)[0]
    return found


def heard_nothing(found: Generated) -> bool:
    """Whether the model says that nobody speaks, and does not believe what it wrote either."""
    measures = found.measures
    return measures.get("no_speech", 0.0) > _MOST_NO_SPEECH and measures.get("logprob", 0.0) < _LEAST_LOGPROB


def _doubtful(found: Generated, text: str) -> bool:
    raw = text.encode("utf-8")
    repeats = bool(raw) and len(raw) / len(zlib.compress(raw)) > _MOST_REPETITION
    return repeats or found.measures.get("logprob", 0.0) < _LEAST_LOGPROB
