"""What is kept of a run for people and programs: a line of JSON for each step and validation, and a picture of them.

No times are in them, so that the same run gives the same bytes. The one module that imports matplotlib.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["METRICS", "PLOT", "Line", "write_metrics", "write_plot"]

METRICS = "distill-metrics.jsonl"
PLOT = "distill-loss.png"

Line = Mapping[str, Any]
"""`step`, and either `loss`, `rate` and the parts of the loss, or `validation` and its parts."""

_LOG = 20  # a range of losses from which on it is drawn in powers of ten


def write_metrics(folder: Path, history: Sequence[Line]) -> None:
    """Write every line."""
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in history)
    (folder / METRICS).write_text(text, encoding="utf-8")


def write_plot(folder: Path, history: Sequence[Line], best: int) -> None:
    """Draw losses over steps; `best` is the step whose student was kept."""
    steps = [(line["step"], line["loss"]) for line in history if "loss" in line]
    checks = [(line["step"], line["validation"]) for line in history if "validation" in line]
    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(*zip(*steps, strict=True), color="#9db8d9", linewidth=1, label="training loss")
    axes.plot(*zip(*checks, strict=True), color="#1f4e8c", marker="o", markersize=4, label="validation loss")
    axes.plot(best, dict(checks)[best], color="#c0392b", marker="o", markersize=8, linestyle="", label="kept")
    values = [value for _, value in (*steps, *checks)]
    if min(values) > 0 and max(values) > _LOG * min(values):
        axes.set_yscale("log")
    axes.set(xlabel="step", ylabel="loss", title="Distillation")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(folder / PLOT, metadata={"Software": None})
