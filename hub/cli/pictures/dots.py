"""What a picture shows of a way: a name, a speed, a size, a loss. Read from the document of `hub bench --json`.

Knows nothing of how it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Dot", "dots", "main_figure"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """One measured way: units a second at its best batch size, bytes, loss (`None` where nobody knows)."""

    name: str
    full: str
    backend: str
    speed: float
    size: int
    loss: float | None
    pareto: bool


def dots(report: Mapping[str, Any]) -> list[Dot]:  # Any: JSON
    """One for each way that has figures."""
    return [
        Dot(
            name=_short(way),
            full=str(way["name"]),
            backend=str(way["backend"]),
            speed=max(float(speed["per_second"]) for speed in way["figures"]["speeds"]),
            size=int(way["figures"]["size"]),
            loss=None if way["loss"] is None else float(way["loss"]),
            pareto=bool(way["pareto"]),
        )
        for way in report["ways"]
        if way["figures"] is not None
    ]


def main_figure(report: Mapping[str, Any]) -> str:  # Any: JSON
    """Name of the figure of fidelity that is shown beside the loss; empty where nothing was compared."""
    for way in report["ways"]:
        if way["fidelity"] is not None:
            return next((name for name in way["fidelity"]["figures"] if not name.endswith("_before")), "")
    return ""


def _short(way: Mapping[str, Any]) -> str:  # Any: JSON
    weights = " | ".join(text for text in (way["variant"], way["recipe"]) if text)
    device = "" if way["device"] == "cpu" else f" {way['device']}"
    loads = f" {way['load_steps']}" if way["load_steps"] else ""
    return f"{weights} · {way['backend']}{device}{loads}"
