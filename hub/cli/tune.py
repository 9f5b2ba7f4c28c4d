"""`hub tune`: measures the ways to run a model on this machine, and remembers the best for `hub run`.

Reads the command line and prints; what is measured, chosen and kept is decided in `hub.runtime.tuning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import click

from hub.cli.completion import complete_model
from hub.cli.output import note, print_json, print_table
from hub.cli.progress import terminal_progress
from hub.cli.trials import Trial, announce, keep, options_of_ways, prepare
from hub.errors import PlanError, UsageError
from hub.types import JSON

if TYPE_CHECKING:
    from hub.runtime.tuning.goals import Goal
    from hub.runtime.tuning.trial import Result
    from hub.runtime.tuning.winners import Winner

__all__ = ["command"]


@click.command("tune")
@click.argument("model", shell_complete=complete_model)
@click.option(
    "--for",
    "goal",
    type=click.Choice(("latency", "throughput", "memory")),
    default="latency",
    show_default=True,
    help="What is to be good: the time of one call, calls a second, or memory.",
)
@click.option("--max-loss", type=click.FloatRange(min=0), metavar="X", help="Allow lossy ways that lose no more.")
@options_of_ways
@click.option("--reset", is_flag=True, help="Forget what was found; measures nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    model: str, goal: Goal, max_loss: float | None, reset: bool, as_json: bool, **options: Any
) -> None:  # Any: as declared above
    """Find the best way to run MODEL on this machine, and use it from now on.

    The feasible ways are measured in turn. The best one is remembered with the machine, the versions of its libraries
    and the model's files; hub run takes it where nothing else is asked for and these are still the same, and hub plan
    says so. What is within 3 % counts as equal: then the lossless and the simpler way is taken.

    Without --max-loss, lossless ways alone are measured. With it, compressions are too, as in hub bench.
    """
    if reset:
        _reset(model, options["task"], as_json=as_json)
        return
    if options["recipes"] and max_loss is None:
        _refuse_lossy_recipes(options["recipes"])
    with terminal_progress() as progress:
        trial = prepare(model, options, progress, lossless=max_loss is None)
        announce(trial, compare=max_loss is not None)
        results = _measure(trial, max_loss, progress)
    best = _choose(trial, results, goal, max_loss)
    winner = _keep(trial, results, best, goal, max_loss)
    document = _as_json(trial, results, winner)
    keep(document, "tune")
    if as_json:
        print_json(document)
    else:
        _show(trial, results, best, winner)


def _measure(trial: Trial, max_loss: float | None, progress: Any) -> list[Result]:  # Any: bars or lines
    from hub.runtime.tuning.trial import try_ways

    return try_ways(
        trial.target,
        trial.ways,
        trial.data,
        host=trial.host,
        store=trial.store,
        effort=trial.effort,
        compare=max_loss is not None and any(way is not trial.ways.base for way in trial.ways.found),
        max_loss=max_loss,
        progress=progress,
    )


def _choose(trial: Trial, results: Sequence[Result], goal: Goal, max_loss: float | None) -> Result:
    from hub.runtime.tuning.goals import choose

    best = choose(results, goal, max_loss)
    if best is None:
        reasons = [f"{result.way.name}: {result.error or result.not_compared}" for result in results]
        raise PlanError(f"no way to run '{trial.target.reference}' could be measured", details=reasons)
    return best


def _keep(trial: Trial, results: Sequence[Result], best: Result, goal: Goal, max_loss: float | None) -> Winner:
    from hub.runtime.tuning.record import winner_of
    from hub.runtime.tuning.winners import keep_winner

    winner = winner_of(trial.target, results, best, goal=goal, max_loss=max_loss, host=trial.host)
    keep_winner(trial.target, winner)
    return winner


def _show(trial: Trial, results: Sequence[Result], best: Result, winner: Winner) -> None:
    from hub.runtime.tuning.goals import told

    rows = []
    for result, measured in zip(results, winner.measured, strict=True):
        gain, loss = measured["gain"], measured["loss"]
        mark = "*" if result is best else ""
        if result.figures is None:
            rows.append([mark, result.way.name, "", "", "", result.error])
            continue
        better = f"{gain:.2f} x" if isinstance(gain, float) else ""
        lost = f"{loss:.4f}" if isinstance(loss, float) else ""
        taken = "taken otherwise" if result.base else ""
        rows.append([mark, result.way.name, told(result.figures, cast("Goal", winner.goal)), better, lost, taken])
    print_table(("", "way", winner.goal, "gain", "loss", ""), rows)
    gain = "" if best.base else f": {winner.gain:.{1 if winner.gain >= 2 else 2}f} x what is taken otherwise"
    name = trial.target.reference
    note(f"\nBest for {winner.goal}: {best.way.name}{gain}")
    note(f"hub run {name} uses it from now on. To forget it: hub tune {name} --reset")


def _reset(model: str, task: str | None, *, as_json: bool) -> None:
    from hub.runtime.references.resolve import resolve
    from hub.runtime.tuning.winners import forget_winner

    target = resolve(model, task=task)
    there = forget_winner(target, task or target.model.task)
    if as_json:
        print_json({"model": target.model.id, "forgotten": there})
    else:
        note(f"What was tuned for {model} is forgotten." if there else f"Nothing was tuned for {model}.")


def _refuse_lossy_recipes(recipes: Sequence[str]) -> None:
    """A recipe that is named and could never win is a mistake: compressions want a limit."""
    from hub.plugin.host import get_host
    from hub.runtime.planning.recipe import parse_recipe

    host = get_host()
    lossy = {provided.spec.step for provided in host.transforms.values() if provided.spec.lossy}
    lossy |= {step.step for provided in host.backends.values() for step in provided.spec.load_steps if step.lossy}
    for recipe in recipes:
        step = next((step for step in parse_recipe(recipe) if step.name in lossy), None)
        if step is not None:
            raise UsageError(
                f"'{step}' is lossy, and only lossless ways can win without a limit",
                hint=f"Say what it may lose: hub tune … --recipe '{recipe}' --max-loss 0.01",
            )


def _as_json(trial: Trial, results: Sequence[Result], winner: Winner) -> dict[str, JSON]:
    from hub.runtime.tuning.record import winner_json
    from hub.runtime.tuning.report import report

    document = report(trial.target, results, trial.ways.skipped, trial.data, trial.effort.rounds)
    return {**document, "winner": winner_json(winner)}
