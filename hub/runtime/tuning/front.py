"""The Pareto front: ways that no other way beats in size, speed and loss at once.

Speeds within 3 % are noise and count as the same; losses are compared as they are printed, to four places. Knows
nothing of how they were measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["NOISE", "Point", "front"]

NOISE = 0.03
"""Share by which two speeds may differ and still be the same."""

_PLACES = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """What a way is judged by: bytes, units a second, and loss (`None` where nobody knows)."""

    size: int
    speed: float
    loss: float | None


def front(points: Sequence[Point]) -> list[bool]:
    """Whether each point lies on the front.

    Where the loss of some is known, a point whose loss is not lies off the front; where none is, size and speed
    decide. With noise allowed for speed alone, no two points beat each other, so the front is never empty.
    """
    known = any(point.loss is not None for point in points)
    able = [point for point in points if point.loss is not None or not known]
    return [point in able and not any(_beats(other, point) for other in able) for point in points]


def _beats(one: Point, other: Point) -> bool:
    losses = round(one.loss or 0.0, _PLACES), round(other.loss or 0.0, _PLACES)
    if one.size > other.size or losses[0] > losses[1] or one.speed < other.speed * (1 - NOISE):
        return False
    faster = one.speed * (1 - NOISE) > other.speed
    return one.size < other.size or losses[0] < losses[1] or faster
