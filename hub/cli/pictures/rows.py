"""The document of `hub bench --json` as rows of text, for the terminal and for the page alike.

Knows nothing of how a table is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.cli.pictures.dots import main_figure
from hub.sizes import human_size

__all__ = ["grouped", "headers", "rows", "seconds"]


def headers(report: Mapping[str, Any]) -> list[str]:  # Any: JSON
    """Names of the columns; those of speed and fidelity are as the task has them."""
    speeds = [f"{unit}/s ×{batch}" for unit, batch in _speeds(report)]
    first = ["first token"] if _streams(report) else []
    return ["", "way", "size", "load", "memory", *first, *speeds, "p50", "p95", *_fidelity(report)]


def rows(report: Mapping[str, Any]) -> list[list[str]]:  # Any: JSON
    """A row for each way: `*` for the front, its name, its figures; what failed says why in place of the size."""
    return [_row(way, report) for way in report["ways"]]


def grouped(report: Mapping[str, Any]) -> list[tuple[str, str]]:  # Any: JSON
    """What was not tried and why; recipes with the same reason in one line, and then places with the same of both."""
    recipes: dict[tuple[str, str], list[str]] = {}
    for each in report["skipped"]:
        place = " on ".join(text for text in (each["backend"], each["device"]) if text)
        found = recipes.setdefault((each["reason"], place), [])
        recipe = each["recipe"] or "as it is"
        found += [recipe] if recipe not in found else []
    places: dict[tuple[str, str], list[str]] = {}
    for (reason, place), found in recipes.items():
        places.setdefault((reason, ", ".join(found)), []).append(place)
    return [
        (what if where == [""] else f"{', '.join(where)}: {what}", reason) for (reason, what), where in places.items()
    ]


def seconds(value: float) -> str:
    """`2.04 s`, `318 ms`, `1.24 ms`."""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"


def _row(way: Mapping[str, Any], report: Mapping[str, Any]) -> list[str]:  # Any: JSON
    figures = way["figures"]
    if figures is None:
        empty = [""] * (len(headers(report)) - 3)
        return ["", way["name"], way["error"] or "not measured", *empty]
    by_batch = {(each["unit"], each["batch"]): each for each in figures["speeds"]}
    speeds = [f"{by_batch[key]['per_second']:.1f}" if key in by_batch else "" for key in _speeds(report)]
    alone = min(figures["speeds"], key=lambda each: each["batch"])
    first = [_or_empty(alone["first_token"])] if _streams(report) else []
    memory = (figures["memory"] or 0) + (figures["device_memory"] or 0)
    return [
        "*" if way["pareto"] else "",
        way["name"],
        human_size(figures["size"]),
        seconds(figures["load_seconds"]),
        human_size(memory) if memory else "",
        *first,
        *speeds,
        seconds(alone["p50"]),
        seconds(alone["p95"]),
        *_fidelity_cells(way, report),
    ]


def _fidelity(report: Mapping[str, Any]) -> list[str]:  # Any: JSON
    name = main_figure(report)
    return [name.replace("_", " "), "loss"] if name else []


def _fidelity_cells(way: Mapping[str, Any], report: Mapping[str, Any]) -> list[str]:  # Any: JSON
    name = main_figure(report)
    if not name:
        return []
    if way["origin"]:
        before = _of_origin(name, report)
        return ["origin" if before is None else f"{before:.4f} (origin)", ""]
    if way["fidelity"] is None:
        return ["", "not compared"]
    value = way["fidelity"]["figures"].get(name)
    return ["" if value is None else f"{value:.4f}", f"{way['loss']:.4f}"]


def _of_origin(name: str, report: Mapping[str, Any]) -> float | None:  # Any: JSON
    """What the origin itself has of a figure that is not about it, as the comparisons with it say."""
    told = (way["fidelity"]["figures"].get(f"{name}_before") for way in report["ways"] if way["fidelity"] is not None)
    return next((value for value in told if value is not None), None)


def _speeds(report: Mapping[str, Any]) -> list[tuple[str, int]]:  # Any: JSON
    found = {
        (each["unit"], each["batch"]) for way in report["ways"] if way["figures"] for each in way["figures"]["speeds"]
    }
    return sorted(found)


def _streams(report: Mapping[str, Any]) -> bool:  # Any: JSON
    return any(
        each["first_token"] is not None for way in report["ways"] if way["figures"] for each in way["figures"]["speeds"]
    )


def _or_empty(value: float | None) -> str:
    return "" if value is None else seconds(value)
