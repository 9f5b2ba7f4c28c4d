"""Cuts what a Whisper wrote about a window at the times in it. Knows ids alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hub_audio.recognition.tokens import WhisperTokens

__all__ = ["Piece", "cut"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Ids of text, and the seconds of the window between which it is said."""

    start: float
    end: float
    ids: tuple[int, ...]


def cut(ids: Sequence[int], tokens: WhisperTokens, duration: float) -> tuple[list[Piece], float]:
    """Pieces of a window, and the second from which the next one is to be heard.

    A time at the end of a piece and one at the beginning of the next stand side by side. Where the last piece has no
    end, it was cut by the window, and is heard again from its beginning; one time alone at the very end says that
    nothing more is said.

    Parameters
    ----------
    duration
        Of the window, in seconds.
    """
    first = tokens.first_time
    is_time = [token >= first for token in ids]
    cuts = [place for place in range(1, len(ids)) if is_time[place] and is_time[place - 1]]
    closed = is_time[-2:] == [False, True]
    if not cuts:
        times = [token for token in ids if token >= first]
        end = tokens.seconds(times[-1]) if times and times[-1] > first else duration
        start = tokens.seconds(ids[0]) if times and is_time[0] and len(times) > 1 else 0.0
        return _kept([(start, end, ids)], tokens, duration), duration
    places = [0, *cuts, *([len(ids)] if closed else [])]
    parts = [ids[begin:end] for begin, end in pairwise(places)]
    found = _kept([(tokens.seconds(part[0]), tokens.seconds(part[-1]), part) for part in parts], tokens, duration)
    return found, duration if closed else min(duration, tokens.seconds(ids[cuts[-1] - 1]))


def _kept(parts: list[tuple[float, float, Sequence[int]]], tokens: WhisperTokens, duration: float) -> list[Piece]:
    pieces = (
        Piece(
            start=max(0.0, min(start, duration)),
            end=max(0.0, min(end, duration)),
            ids=tuple(token for token in ids if token < tokens.end),
        )
        for start, end, ids in parts
    )
    return [piece for piece in pieces if piece.ids]
