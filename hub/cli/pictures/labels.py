"""Puts names beside dots so that none covers another name or a dot. Knows nothing of what is named."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.cli.pictures.scene import Anchor

__all__ = ["Box", "Label", "place_labels", "text_width"]

_WIDE = 0.58
"""Width of a letter of a proportional face, as a share of its size: a little more than the mean."""
_GAP = 6.0
_DISTANCES = (0.0, 10.0, 22.0, 36.0, 52.0, 70.0, 90.0, 112.0)
_TURNS = (0, 180, 90, 270, 30, 330, 150, 210, 60, 300, 120, 240)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; `y` grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two overlap."""
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)

    def inside(self, other: Box) -> bool:
        """Whether all of it lies in the other one."""
        across = self.left >= other.left and self.right <= other.right
        return across and self.top >= other.top and self.bottom <= other.bottom


@dataclass(frozen=True, slots=True)
class Label:
    """Where a name goes, which side of its box the dot is on, and `far` where it needs a line to the dot."""

    box: Box
    anchor: Anchor
    far: bool

    @property
    def x(self) -> float:
        """Where the text is held, so that an error in its width moves its other end."""
        sides = {"start": self.box.left, "middle": (self.box.left + self.box.right) / 2, "end": self.box.right}
        return sides[self.anchor]


def text_width(text: str, size: float) -> float:
    """Pixels that a text takes, about; wide letters of East Asian scripts count double."""
    return sum(2 if ord(char) > 0x2E80 else 1 for char in text) * size * _WIDE


def place_labels(
    centres: Sequence[tuple[float, float]], radius: float, names: Sequence[str], size: float, area: Box
) -> list[Label | None]:
    """A place for each name, the first ones first; `None` for one that finds none."""
    taken = [Box(x - radius, y - radius, x + radius, y + radius) for x, y in centres]
    placed: list[Label | None] = []
    for (x, y), name in zip(centres, names, strict=True):
        width, height = text_width(name, size), size * 1.2
        found = None
        for label in _around(x, y, radius + _GAP, width, height):
            if label.box.inside(area) and not any(label.box.meets(other) for other in taken):
                found = label
                taken.append(label.box)
                break
        placed.append(found)
    return placed


def _around(x: float, y: float, radius: float, width: float, height: float) -> Iterator[Label]:
    """Labels around a point, the nearest first."""
    for distance in _DISTANCES:
        for turn in _TURNS:
            across, down = math.cos(math.radians(turn)), -math.sin(math.radians(turn))
            middle = x + across * (radius + distance + width / 2)
            centre = y + down * (radius + distance + height / 2)
            box = Box(middle - width / 2, centre - height / 2, middle + width / 2, centre + height / 2)
            anchor: Anchor = "start" if across > 0.1 else "end" if across < -0.1 else "middle"
            yield Label(box, anchor, distance > 15)
