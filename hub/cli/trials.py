"""What `hub bench` and `hub tune` have in common: the options that choose ways, and what is said before they start.

Knows nothing of what becomes of the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hub.cli.output import human_size, note

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.measure.effort import Effort
    from hub.runtime.references.target import Target
    from hub.runtime.transforms.data import Measured
    from hub.runtime.tuning.ways import Way, Ways
    from hub.store.progress import Progress
    from hub.store.store import Store
    from hub.types import JSON

__all__ = ["Trial", "announce", "keep", "options_of_ways", "prepare"]

F = TypeVar("F", bound=Callable[..., Any])  # Any: click passes what the options declare


_OPENING, _COMPARING = 3.0, 6.0
"""Seconds that opening a model and comparing its answers take at least, by experience with small models."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What is going to be measured, and on what."""

    target: Target
    host: Host
    store: Store
    ways: Ways
    data: Measured
    effort: Effort


def options_of_ways(function: F) -> F:
    """Options that say which ways are measured, and how thoroughly."""
    for option in (
        click.option("--task", metavar="TASK", help="Another task than the model's own."),
        click.option(
            "--allow-pickle", is_flag=True, default=None, help="Allow weights of a format that can carry code."
        ),
        click.option("--repeat", type=click.IntRange(1), default=3, show_default=True, help="Rounds; ways take turns."),
        click.option(
            "--data",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Measure on this: text, .jsonl with labels, or files that the task takes.",
        ),
        click.option(
            "--batch",
            "batches",
            type=click.IntRange(1),
            multiple=True,
            metavar="N",
            help="Inputs of a call; repeatable.",
        ),
        click.option("--device", "devices", multiple=True, metavar="DEVICE", help="On this one alone; repeatable."),
        click.option(
            "--recipe", "recipes", multiple=True, metavar="RECIPE", help="The model as it is, and so; repeatable."
        ),
        click.option("--backend", "backends", multiple=True, metavar="ID", help="With this one alone; repeatable."),
    ):
        function = option(function)
    return function


def prepare(model: str, options: dict[str, Any], progress: Progress, *, lossless: bool = False) -> Trial:
    """Find the ways and read the data.

    Parameters
    ----------
    options
        What `options_of_ways` declares.
    lossless
        Leave out every way that gives something up.
    """
    from hub.plugin.host import get_host
    from hub.runtime.measure.effort import Effort
    from hub.runtime.references.resolve import resolve
    from hub.runtime.tuning.ways import Asked, find_ways
    from hub.store.store import Store

    host, store = get_host(), Store()
    target = resolve(model, task=options["task"])
    if target.notice:
        note(target.notice)
    asked = Asked(
        backends=tuple(dict.fromkeys(options["backends"])),
        devices=tuple(dict.fromkeys(options["devices"])),
        recipes=tuple(dict.fromkeys(options["recipes"])) or None,
        lossless=lossless,
        task=options["task"],
        allow_pickle=options["allow_pickle"],
    )
    ways = find_ways(target, asked, host=host, store=store)
    effort = Effort(rounds=options["repeat"], batches=tuple(sorted(set(options["batches"]))))
    data = _data(ways.base.plan.task, options["data"], host, store, progress)
    return Trial(target=target, host=host, store=store, ways=ways, data=data, effort=effort)


def announce(trial: Trial, *, compare: bool) -> None:
    """Say what will be done, before it is."""
    ways = trial.ways.found
    rounds = "1 round" if trial.effort.rounds == 1 else f"{trial.effort.rounds} rounds"
    batches = trial.effort.batches_for(ways[0].plan.verb)
    each = _OPENING + 1.5 * trial.effort.seconds * len(batches)
    least = len(ways) * (trial.effort.rounds * each + (_COMPARING if compare else 0))
    note(
        f"{len(ways)} ways to run {trial.ways.base.plan.model}, {rounds} each, in fresh processes: "
        f"at least {_minutes(least)}"
    )
    fetched = sum({way.plan.variant: way.plan.download for way in ways}.values())
    made = _to_make(ways, trial)
    if fetched:
        note(f"{human_size(fetched)} to download")
    if made:
        note("To make first, and kept (hub list): " + "; ".join(made))


def keep(document: dict[str, JSON], by: str) -> None:
    """Keep what was measured for the page of `hub serve`; where the disk refuses, it is printed all the same."""
    from hub.errors import StorageError
    from hub.runtime.tuning.benches import keep_bench

    try:
        keep_bench(document, by)
    except StorageError as error:
        note(f"Warning: what was measured is not kept: {error.message}")


def _to_make(ways: Sequence[Way], trial: Trial) -> list[str]:
    """Artifacts that are not on this machine yet."""
    from hub.runtime.planning.recipe import recipe_text
    from hub.runtime.transforms.transform import find_derived

    missing = [
        f"{way.plan.variant} | {recipe_text(way.plan.recipe)}"
        for way in ways
        if way.plan.recipe and find_derived(way.plan, host=trial.host, store=trial.store) is None
    ]
    return list(dict.fromkeys(missing))


def _data(task: str, path: Path | None, host: Host, store: Store, progress: Progress) -> Measured:
    """The person's file, the task's data, or where that cannot be had the samples of the task."""
    from hub.errors import SourceError
    from hub.runtime.transforms.data import Measured, measuring_data, task_inputs

    try:
        return measuring_data(task, path, host=host, store=store, progress=progress)
    except SourceError as error:
        inputs = task_inputs(task, None, host=host, store=store, default=False)
        note(f"{error.message}. Measured on {len(inputs)} samples of the task instead; or name a file with --data")
        return Measured(inputs=inputs)


def _minutes(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 90 else f"{round(seconds / 60)} min"
