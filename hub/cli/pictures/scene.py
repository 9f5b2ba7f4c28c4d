"""A picture as lines, circles and texts in pixels, each with the name of a style. Knows nothing of files or colours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Anchor", "Circle", "Line", "Scene", "Text"]

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Line:
    """From (x, y) to (to_x, to_y)."""

    x: float
    y: float
    to_x: float
    to_y: float
    style: str


@dataclass(frozen=True, slots=True)
class Circle:
    """Filled with its style's colour, or drawn as a ring. `title` is shown where something points at it."""

    x: float
    y: float
    radius: float
    style: str
    filled: bool = True
    title: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """`y` is the base line. `turned` runs upwards."""

    x: float
    y: float
    text: str
    style: str
    anchor: Anchor = "start"
    size: float = 12
    turned: bool = False


@dataclass(slots=True)
class Scene:
    """What is drawn, in order."""

    width: float
    height: float
    title: str
    items: list[Line | Circle | Text] = field(default_factory=list)
