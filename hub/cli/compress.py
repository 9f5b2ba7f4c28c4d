"""`hub compress`: does a recipe, measures what it gains and loses against its origin, and keeps both or neither.

Reads the command line and prints; making and measuring is done in `hub.runtime.measure.compression`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub.cli.completion import complete_model
from hub.cli.output import human_size, note, print_json, print_table
from hub.cli.progress import terminal_progress
from hub.errors import UsageError
from hub.types import JSON

if TYPE_CHECKING:
    from hub.runtime.measure.compression import Compression, Way
    from hub.runtime.measure.figures import Figures
    from hub.runtime.planning.plan import Plan
    from hub.runtime.references.target import Target
    from hub.store.progress import Progress

__all__ = ["command"]


@click.command("compress")
@click.argument("model", shell_complete=complete_model)
@click.argument("recipe")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Measure on this: text, .jsonl with labels, or files that the task takes.",
)
@click.option("--max-loss", type=click.FloatRange(min=0), metavar="X", help="Refuse a result that loses more.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Copy the result into a new folder, too.")
@click.option("--backend", metavar="ID", help="Measure with this runtime alone; with all that open it otherwise.")
@click.option("--device", metavar="DEVICE", help="cpu, cuda, …; the plan chooses otherwise.")
@click.option("--allow-pickle", is_flag=True, default=None, help="Allow weights of a format that can carry code.")
@click.option("--task", metavar="TASK", help="Another task than the model's own.")
@click.option("--inputs", type=click.IntRange(min=1), metavar="N", help="Inputs that fidelity is measured on, at most.")
@click.option("--rounds", type=click.IntRange(min=1), default=2, show_default=True, help="Times that speed is taken.")
@click.option("--verify", is_flag=True, help="Make it again from its lineage and compare; measures nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(model: str, recipe: str, verify: bool, as_json: bool, **options: Any) -> None:  # Any: as declared above
    """Make MODEL smaller or faster by the steps of RECIPE, and measure what that gains and loses.

    RECIPE is a line of steps, such as int8 or "prune:layers=2 | onnx | int8". Size, load time, memory, speed and
    fidelity are told before and after, for each runtime that opens the result, and kept with it: see hub info.

    Fidelity is measured on text that no step learned from: a part of the task's own data, or FILE. With --max-loss,
    what loses more against the unchanged model is refused with exit code 4, and nothing of it is kept.
    """
    from hub.plugin.host import get_host
    from hub.runtime.planning.planner import make_plan
    from hub.runtime.references.resolve import resolve
    from hub.runtime.transforms.export import check_free
    from hub.store.store import Store

    if options["out"] is not None:
        check_free(options["out"])
    host, store = get_host(), Store()
    target = resolve(model, task=options["task"])
    if target.notice:
        note(target.notice)
    how = {name: options[name] for name in ("backend", "device", "task", "allow_pickle")}
    plan = make_plan(target, host=host, store=store, recipe=recipe, **how)
    if not (plan.recipe or plan.load_steps or plan.steps):
        raise UsageError(f"'{recipe}' changes nothing: variant '{plan.variant}' is that already")
    with terminal_progress() as progress:
        if verify:
            _verify(target, plan, as_json=as_json, progress=progress)
        else:
            _compress(target, plan, recipe, options, as_json=as_json, progress=progress)


def _compress(
    target: Target, plan: Plan, recipe: str, options: dict[str, Any], *, as_json: bool, progress: Progress
) -> None:
    from hub.plugin.host import get_host
    from hub.runtime.measure.compression import compress
    from hub.runtime.measure.effort import Effort
    from hub.runtime.measure.record import keep_figures
    from hub.runtime.transforms.export import export
    from hub.store.store import Store

    store = Store()
    done = compress(
        target,
        plan,
        recipe,
        host=get_host(),
        store=store,
        others=options["backend"] is None,
        data=options["data"],
        max_loss=options["max_loss"],
        effort=Effort(rounds=options["rounds"], limit=options["inputs"] or 0),
        progress=progress,
    )
    keep_figures(done, store)
    if options["out"] is not None:
        export(done.subject.artifact, options["out"], store)
    if as_json:
        print_json(_as_json(done, recipe, options["out"]))
        return
    print_table(("on", "figure", "before", "after", "ratio"), [row for way in done.ways for row in _rows(way)])
    source = options["data"] or "the part of the task's own data that no step learned from"
    inputs = done.ways[0].fidelity.inputs if done.ways[0].fidelity else 0
    note(f"Fidelity on {inputs} inputs of {source}; speed in {options['rounds']} rounds, each in a fresh process.")
    note(f"{_shown(done.subject.plan)} is in {options['out'] or done.subject.artifact.path}")


def _verify(target: Target, plan: Plan, *, as_json: bool, progress: Progress) -> None:
    from hub.plugin.host import get_host
    from hub.runtime.references.fetch import fetch
    from hub.runtime.transforms.again import make_again
    from hub.runtime.transforms.ready import make_ready
    from hub.store.store import Store
    from hub.types import Artifact

    host, store = get_host(), Store()
    if not plan.recipe:
        raise UsageError("there is nothing to make again: this recipe makes no artifact of its own")
    _, made = make_ready(target, plan, host=host, store=store, progress=progress)
    if target.root is not None:
        parent = Artifact(digest="", path=target.root, files=plan.files)
    else:
        parent = fetch(target, plan.variant, store=store, progress=progress)
    steps = make_again(plan, parent, made, host=host, store=store, progress=progress)
    if as_json:
        print_json({"digest": made.digest, "steps": [{"recipe": step.recipe, "digest": step.digest} for step in steps]})
    else:
        print_table(("recipe", "digest", "made again"), [[step.recipe, step.digest, "the same"] for step in steps])


def _rows(way: Way) -> Iterator[list[str]]:
    """What was measured on one backend, as rows of a table."""
    if way.before is None or way.after is None or way.fidelity is None:
        yield [way.name, "cannot", "", "", way.error.message if way.error else ""]
        return
    yield from ([way.name, *cells] for cells in _costs(way.before, way.after))
    figures = dict(way.fidelity.figures)
    for name, value in figures.items():
        if name.endswith("_before"):
            continue
        before = figures.get(f"{name}_before")
        yield [way.name, name, "" if before is None else f"{before:.4g}", f"{value:.4g}", ""]
    yield [way.name, "loss", "", f"{way.fidelity.loss:.4g}", ""]


def _costs(before: Figures, after: Figures) -> Iterator[list[str]]:
    yield ["size", human_size(before.size), human_size(after.size), _ratio(before.size, after.size)]
    yield [
        "load",
        *map(_seconds, (before.load_seconds, after.load_seconds)),
        _ratio(before.load_seconds, after.load_seconds),
    ]
    for name in ("memory", "device_memory"):
        old, new = getattr(before, name), getattr(after, name)
        if old and new:
            yield [name.replace("_", " "), human_size(old), human_size(new), _ratio(old, new)]
    for new in after.speeds:
        old = next((each for each in before.speeds if (each.batch, each.unit) == (new.batch, new.unit)), None)
        batch = f"batch {new.batch}"
        yield [
            f"{new.unit} a second, {batch}",
            f"{old.per_second:.1f}" if old else "",
            f"{new.per_second:.1f}",
            _ratio(new.per_second, old.per_second) if old else "",
        ]
        yield [
            f"a call, {batch}, p50 · p95",
            f"{_seconds(old.p50)} · {_seconds(old.p95)}" if old else "",
            f"{_seconds(new.p50)} · {_seconds(new.p95)}",
            _ratio(old.p50, new.p50) if old else "",
        ]
        if new.first_token is not None:
            first = old.first_token if old else None
            yield [
                "first token",
                "" if first is None else _seconds(first),
                _seconds(new.first_token),
                "" if first is None else _ratio(first, new.first_token),
            ]


def _ratio(better: float, worse: float) -> str:
    """How many times better it is after; below 1 it is worse."""
    return f"{better / worse:.2f} ×" if worse else ""


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"


def _shown(plan: Plan) -> str:
    return " | ".join([f"{plan.model}:{plan.variant}", *map(str, plan.recipe), *map(str, plan.load_steps)])


def _as_json(done: Compression, recipe: str, out: Path | None) -> JSON:
    from hub.runtime.measure.record import way_json

    plan, artifact = done.subject.plan, done.subject.artifact
    return {
        "model": plan.model,
        "variant": plan.variant,
        "task": plan.task,
        "recipe": recipe,
        "format": plan.facts.format,
        "digest": artifact.digest,
        "path": str(artifact.path),
        "out": None if out is None else str(out),
        "ways": [way_json(way, done) for way in done.ways],
    }
