"""Puts boxes in reading order: rows from the top, each from the left; of columns of running text one after the other.

A gap counts as the space between columns where there are several long lines on both sides of it. Lines that reach over
it, such as a headline, part the page in bands that are read one by one. A table has short entries, so it is read in
rows. Knows nothing of what the text says; boxes are (left, top, right, bottom).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

__all__ = ["rows_of"]

Box = tuple[float, float, float, float]

_LINES = 3
"""Fewer lines are no column."""

_LONG = 5
"""A line of running text is at least this many times as wide as it is tall."""

_OVERLAP = 0.5
_CROSSING = 0.3
_EDGES = 200


def rows_of(boxes: Sequence[Box]) -> list[list[int]]:
    """Numbers of the boxes, row by row in the order in which they are read."""
    return _ordered(boxes, list(range(len(boxes))))


def _ordered(boxes: Sequence[Box], numbers: list[int]) -> list[list[int]]:
    gap = _column_gap(boxes, numbers)
    if gap is None:
        return _rows(boxes, numbers)
    over = sorted(
        (number for number in numbers if boxes[number][0] < gap < boxes[number][2]), key=lambda each: boxes[each][1]
    )
    others = [number for number in numbers if number not in set(over)]
    middles = [_middle(boxes[number]) for number in over]
    found: list[list[int]] = []
    for index, (start, end) in enumerate(pairwise([float("-inf"), *middles, float("inf")])):
        band = [number for number in others if start <= _middle(boxes[number]) < end]
        found += _ordered(boxes, [number for number in band if boxes[number][2] <= gap])
        found += _ordered(boxes, [number for number in band if boxes[number][0] >= gap])
        found += [[over[index]]] if index < len(over) else []
    return found


def _column_gap(boxes: Sequence[Box], numbers: list[int]) -> float | None:
    """The place between two columns of running text that the fewest lines reach over, or `None`."""
    if len(numbers) < 2 * _LINES:
        return None
    best: tuple[int, float] | None = None
    edges = sorted({boxes[number][2] for number in numbers})
    for edge in edges[:: max(1, len(edges) // _EDGES)]:
        place = edge + 0.5
        left = [boxes[number] for number in numbers if boxes[number][2] <= place]
        right = [boxes[number] for number in numbers if boxes[number][0] >= place]
        over = len(numbers) - len(left) - len(right)
        if (best is None or over < best[0]) and over <= _CROSSING * len(numbers) and _columns(left, right):
            best = over, place
    return None if best is None else best[1]


def _columns(left: list[Box], right: list[Box]) -> bool:
    """Whether both are running text, and lie side by side."""
    if not (_running(left) and _running(right)):
        return False
    top, bottom = (
        max(min(box[1] for box in side) for side in (left, right)),
        min(max(box[3] for box in side) for side in (left, right)),
    )
    shorter = min(max(box[3] for box in side) - min(box[1] for box in side) for side in (left, right))
    return bottom - top >= _OVERLAP * shorter


def _running(side: list[Box]) -> bool:
    if len(side) < _LINES:
        return False
    return median((box[2] - box[0]) / max(1.0, box[3] - box[1]) for box in side) >= _LONG


def _rows(boxes: Sequence[Box], numbers: list[int]) -> list[list[int]]:
    """Boxes at one height together: each overlaps the one before by half of the smaller height, and lies below none."""
    rows: list[list[int]] = []
    for number in sorted(numbers, key=lambda each: _middle(boxes[each])):
        box = boxes[number]
        if rows and _shared(boxes[rows[-1][-1]], box, 1) and not any(_shared(boxes[each], box, 0) for each in rows[-1]):
            rows[-1].append(number)
        else:
            rows.append([number])
    return [sorted(row, key=lambda each: boxes[each][0]) for row in rows]


def _shared(one: Box, other: Box, axis: int) -> bool:
    """Whether half of the smaller box lies beside the other one (axis 1), or above or below it (axis 0)."""
    shared = min(one[axis + 2], other[axis + 2]) - max(one[axis], other[axis])
    return shared >= _OVERLAP * min(one[axis + 2] - one[axis], other[axis + 2] - other[axis])


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2
