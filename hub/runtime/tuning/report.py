"""What was measured of a model as one JSON document: what `hub bench --json` prints and pictures are made of.

Fields are added, not changed or taken away. Knows nothing of terminals or pictures.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from hub import __version__
from hub.runtime.measure.figures import figures_json
from hub.runtime.measure.machine import this_machine
from hub.runtime.planning.recipe import recipe_text
from hub.runtime.transforms.data import Measured
from hub.runtime.tuning.front import Point, front
from hub.runtime.tuning.trial import Result
from hub.runtime.tuning.ways import Skipped, Way
from hub.types import JSON

if TYPE_CHECKING:
    from hub.runtime.references.target import Target

__all__ = ["command_of", "report", "way_json"]


def report(
    target: Target, results: Sequence[Result], skipped: Sequence[Skipped], data: Measured, rounds: int
) -> dict[str, JSON]:
    """The document: ways that were measured, the fastest first, then those that failed, and what was not tried."""
    marks = dict(zip(map(id, results), _on_front(results), strict=True))
    ordered = sorted(results, key=lambda result: -_speed(result))
    compared = next((result for result in results if result.origin), None)
    held = next((result.fidelity.inputs for result in results if result.fidelity is not None), 0)
    return {
        "model": target.model.id,
        "reference": target.reference,
        "task": results[0].way.plan.task,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "hub": __version__,
        "machine": this_machine().as_json(),
        "data": {"inputs": len(data.inputs), "compared": held, "files": list(data.content)},
        "rounds": rounds,
        "compared_with": None if compared is None else compared.way.name,
        "ways": [way_json(result, target, pareto=marks[id(result)]) for result in ordered],
        "skipped": [cast("JSON", asdict(each)) for each in skipped],
    }


def way_json(result: Result, target: Target, *, pareto: bool) -> JSON:
    """One way, with its figures; those are `null` where it failed, and `error` says why."""
    plan, fidelity = result.way.plan, result.fidelity
    return {
        "name": result.way.name,
        "command": command_of(result.way, target),
        "variant": plan.variant,
        "steps": list(plan.steps),
        "recipe": recipe_text(plan.recipe),
        "load_steps": recipe_text(plan.load_steps),
        "backend": plan.backend,
        "plugin": plan.plugin,
        "device": plan.device,
        "verb": plan.verb,
        "model_plugin": plan.model_plugin,
        "lossy": result.lossy,
        "base": result.base,
        "origin": result.origin,
        "pareto": pareto,
        "figures": None if result.figures is None else figures_json(result.figures),
        "fidelity": None if fidelity is None else fidelity.as_json(),
        "loss": result.loss,
        "not_compared": result.not_compared,
        "error": result.error,
    }


def command_of(way: Way, target: Target) -> str:
    """What runs a model this way."""
    name = target.reference
    if way.variant is not None and target.variant is None:
        name = f"{name}:{way.variant}"
    words = ["hub", "run", name, "--backend", way.backend, "--device", way.device]
    return shlex.join([*words, *(["--compress", way.recipe] if way.recipe else [])])


def _on_front(results: Sequence[Result]) -> list[bool]:
    measured = [(result, result.figures) for result in results if result.figures is not None]
    points = [
        Point(size=figures.size, speed=figures.fastest.per_second, loss=result.loss) for result, figures in measured
    ]
    marks = {id(result): mark for (result, _), mark in zip(measured, front(points), strict=True)}
    return [marks.get(id(result), False) for result in results]


def _speed(result: Result) -> float:
    return -1.0 if result.figures is None else result.figures.fastest.per_second
