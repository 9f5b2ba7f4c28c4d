"""Draws scenes as PNG, one below the other. The only module that imports matplotlib, which the extra `plot` brings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from hub.cli.pictures.colours import BACKENDS_LIGHT, LIGHT
from hub.cli.pictures.scene import Circle, Line, Scene, Text

__all__ = ["write_png"]

_POINTS = 0.72
"""Points of a pixel, at 100 pixels an inch."""


def write_png(scenes: Sequence[Scene], path: Path) -> None:
    """Write the picture, 200 pixels an inch."""
    width, height = max(scene.width for scene in scenes), sum(scene.height for scene in scenes)
    figure = Figure(figsize=(width / 100, height / 100), dpi=200, facecolor=LIGHT["background"])
    FigureCanvasAgg(figure)
    top = height
    for scene in scenes:
        top -= scene.height
        axes = figure.add_axes((0.0, top / height, scene.width / width, scene.height / height))
        axes.set_xlim(0, scene.width)
        axes.set_ylim(scene.height, 0)
        axes.set_axis_off()
        for order, item in enumerate(scene.items):
            _draw(axes, item, order)
    figure.savefig(path, format="png")


def _draw(axes: Axes, item: Line | Circle | Text, order: int) -> None:
    if isinstance(item, Line):
        colour = LIGHT["line"] if item.style == "grid" else LIGHT["muted"]
        axes.plot([item.x, item.to_x], [item.y, item.to_y], color=colour, linewidth=0.6, zorder=order)
    elif isinstance(item, Circle):
        colour = _colour(item.style)
        axes.plot(
            [item.x],
            [item.y],
            marker="o",
            markersize=2 * item.radius * _POINTS,
            markerfacecolor=colour if item.filled else LIGHT["background"],
            markeredgecolor=colour,
            markeredgewidth=1.4,
            linestyle="none",
            zorder=order,
        )
    else:
        axes.text(
            item.x,
            item.y,
            item.text,
            color=LIGHT["text"] if item.style in {"title", "front"} else LIGHT["muted"],
            fontsize=item.size * _POINTS,
            fontweight="bold" if item.style in {"title", "front"} else "normal",
            horizontalalignment={"start": "left", "middle": "center", "end": "right"}[item.anchor],
            verticalalignment="baseline" if not item.turned else "center",
            rotation=90 if item.turned else 0,
            parse_math=False,
            path_effects=[withStroke(linewidth=3, foreground=LIGHT["background"])],
            zorder=order,
        )


def _colour(style: str) -> str:
    return BACKENDS_LIGHT[int(style.removeprefix("backend"))] if style.startswith("backend") else LIGHT["muted"]
