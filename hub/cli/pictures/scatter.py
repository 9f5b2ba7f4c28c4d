"""Draws ways as dots: speed or size against loss, or against each other where no loss is known. Knows no colours.

Up is better, and so is right for speed and left for size. Losses are on a logarithmic axis, since they span decades.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.cli.pictures.dots import Dot, dots
from hub.cli.pictures.labels import Box, place_labels, text_width
from hub.cli.pictures.scales import LEAST_LOSS, Scale, linear, losses
from hub.cli.pictures.scene import Circle, Line, Scene, Text

__all__ = ["backends", "scenes"]

_WIDTH, _HEIGHT = 880.0, 460.0
_AREA = Box(84, 64, _WIDTH - 28, _HEIGHT - 56)
_RADIUS, _SIZE = 6.0, 12.0
_ABOVE = 34.0
"""Room for names above the highest dots."""


def backends(report: Mapping[str, Any]) -> list[str]:  # Any: JSON
    """Names of the backends in the picture, in the order of their colours."""
    return sorted({dot.backend for dot in dots(report)})


def scenes(report: Mapping[str, Any]) -> list[Scene]:  # Any: JSON
    """Speed against loss and size against loss; size against speed where no loss is known."""
    shown = dots(report)
    units = {str(speed["unit"]) for way in report["ways"] if way["figures"] for speed in way["figures"]["speeds"]}
    unit = f"{units.pop()}/s" if len(units) == 1 else "a second"
    known = [dot for dot in shown if dot.loss is not None]
    colours = backends(report)
    if not any(dot.loss for dot in known):
        title = f"Size and speed ({unit})"
        return [_draw(title, shown, _Axis(f"{unit}, more is better", _speed), _Axis("MB on disk", _size), colours)]
    loss = _Axis("loss against the origin", _loss, fidelity=True)
    return [
        _draw("Speed and fidelity", known, _Axis(f"{unit}, more is better", _speed), loss, colours),
        _draw("Size and fidelity", known, _Axis("MB on disk, less is better", _size), loss, colours),
    ]


class _Axis:
    def __init__(self, name: str, value: Callable[[Dot], float], *, fidelity: bool = False) -> None:
        self.name = name
        self.value = value
        self.fidelity = fidelity

    def scale(self, shown: Sequence[Dot], start: float, end: float) -> Scale:
        values = [self.value(dot) for dot in shown]
        # what loses nothing is on top
        return losses(values, end, start) if self.fidelity else linear(values, start, end)

    def tick(self, value: float) -> str:
        if not self.fidelity:
            return f"{value:g}"
        return f"≤ {value:g}" if value == LEAST_LOSS else f"{value:g}"


def _draw(title: str, shown: Sequence[Dot], across: _Axis, up: _Axis, colours: Sequence[str]) -> Scene:
    scene = Scene(_WIDTH, _HEIGHT, title)
    scene.items.append(Text(_AREA.left, 26, title, "title", size=16))
    _legend(scene, colours)
    x, y = across.scale(shown, _AREA.left, _AREA.right), up.scale(shown, _AREA.bottom, _AREA.top + _ABOVE)
    _axes(scene, x, y, across, up)
    spots = _spots(shown, lambda dot: (x.place(across.value(dot)), y.place(up.value(dot))))
    names = [spot.name for spot in spots]
    area = Box(_AREA.left + 4, _AREA.top - 4, _AREA.right + 20, _AREA.bottom - 4)
    labels = place_labels([spot.centre for spot in spots], _RADIUS, names, _SIZE, area)
    for spot, label in zip(spots, labels, strict=True):
        if label is not None and label.far:
            across_to = min(max(spot.centre[0], label.box.left), label.box.right)
            down_to = min(max(spot.centre[1], label.box.top), label.box.bottom)
            scene.items.append(Line(*spot.centre, across_to, down_to, "leader"))
    for spot, label in reversed(list(zip(spots, labels, strict=True))):
        for dot, (left, top) in reversed(spot.dots):
            style = f"backend{colours.index(dot.backend) % 8}"
            scene.items.append(Circle(left, top, _RADIUS, style, filled=dot.pareto, title=_told(dot)))
        if label is not None:
            style = "front" if spot.dots[0][0].pareto else "label"
            scene.items.append(Text(label.x, label.box.bottom - 3, spot.name, style, label.anchor, size=_SIZE))
    return scene


@dataclass(slots=True)
class _Spot:
    """Dots that lie on each other, those of the front first: they share a name."""

    dots: list[tuple[Dot, tuple[float, float]]]

    @property
    def centre(self) -> tuple[float, float]:
        return self.dots[0][1]

    @property
    def name(self) -> str:
        more = f" +{len(self.dots) - 1}" if len(self.dots) > 1 else ""
        return self.dots[0][0].name + more


def _spots(shown: Sequence[Dot], place: Callable[[Dot], tuple[float, float]]) -> list[_Spot]:
    spots: list[_Spot] = []
    for dot in sorted(shown, key=lambda dot: not dot.pareto):
        centre = place(dot)
        near = next((spot for spot in spots if math.dist(spot.centre, centre) < _RADIUS), None)
        if near is None:
            spots.append(_Spot([(dot, centre)]))
        else:
            near.dots.append((dot, centre))
    return spots


def _axes(scene: Scene, x: Scale, y: Scale, across: _Axis, up: _Axis) -> None:
    for value in y.ticks:
        place = y.place(value)
        scene.items.append(Line(_AREA.left, place, _AREA.right, place, "grid"))
        scene.items.append(Text(_AREA.left - 8, place + 4, up.tick(value), "tick", "end"))
    for value in x.ticks:
        place = x.place(value)
        scene.items.append(Line(place, _AREA.top, place, _AREA.bottom, "grid"))
        scene.items.append(Text(place, _AREA.bottom + 18, across.tick(value), "tick", "middle"))
    scene.items.append(Line(_AREA.left, _AREA.bottom, _AREA.right, _AREA.bottom, "axis"))
    scene.items.append(Line(_AREA.left, _AREA.top, _AREA.left, _AREA.bottom, "axis"))
    scene.items.append(Text((_AREA.left + _AREA.right) / 2, _HEIGHT - 14, across.name, "name", "middle"))
    scene.items.append(Text(18, (_AREA.top + _AREA.bottom) / 2, up.name, "name", "middle", turned=True))


def _legend(scene: Scene, colours: Sequence[str]) -> None:
    """Backends by colour, and what a filled dot means, in a row that ends at the right."""
    entries = [(f"backend{place % 8}", True, name) for place, name in enumerate(colours)]
    entries += [("legend", True, "on the front"), ("legend", False, "beaten")]
    left = _AREA.right - sum(text_width(name, _SIZE) + 26 for _, _, name in entries)
    for style, filled, name in entries:
        scene.items.append(Circle(left, 22, 5, style, filled=filled))
        scene.items.append(Text(left + 10, 26, name, "tick", size=_SIZE))
        left += text_width(name, _SIZE) + 26


def _told(dot: Dot) -> str:
    loss = "not compared" if dot.loss is None else f"loss {dot.loss:.4f}"
    return f"{dot.full}: {dot.speed:.1f}/s, {dot.size / 1e6:.1f} MB, {loss}"


def _speed(dot: Dot) -> float:
    return dot.speed


def _size(dot: Dot) -> float:
    return dot.size / 1e6


def _loss(dot: Dot) -> float:
    return dot.loss or 0.0
