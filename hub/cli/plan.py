"""`hub plan`: prints the way that a model would run here, its cost, and why each other way lost.

Asks the plugins, downloads nothing. The plan itself is made by `hub.runtime.planning.plan`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

import click

from hub.cli.call_options import sort_options
from hub.cli.completion import complete_model
from hub.cli.output import human_size, is_terminal, note, print_json, print_table
from hub.types import JSON, OptionValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.planning.plan import Plan, Tuned
    from hub.runtime.planning.recipe import Step

__all__ = ["command", "plan_json"]


@click.command("plan")
@click.argument("model", shell_complete=complete_model)
@click.option("--backend", metavar="ID", help="Runtime to use; the plan chooses otherwise.")
@click.option("--device", metavar="DEVICE", help="cpu, cuda, …; the plan chooses otherwise.")
@click.option("--compress", metavar="RECIPE", default="", help="Steps to compress with, such as int8.")
@click.option("--task", metavar="TASK", help="Another task than the model's own.")
@click.option("--allow-pickle", is_flag=True, default=None, help="Allow weights of a format that can carry code.")
@click.option("--context-length", type=int, metavar="N", help="Tokens that prompt and answer may take together.")
@click.option("--option", "pairs", multiple=True, metavar="KEY=VALUE", help="Any other load option; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    model: str,
    backend: str | None,
    device: str | None,
    compress: str,
    task: str | None,
    allow_pickle: bool | None,
    context_length: int | None,
    pairs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show how MODEL would run here, and why not otherwise.

    Each way that lost is listed with its reason. Nothing is downloaded.
    """
    from hub.plugin.host import get_host
    from hub.runtime.planning.planner import make_plan
    from hub.runtime.references.resolve import resolve
    from hub.store.store import Store

    host = get_host()
    options = sort_options({"context_length": context_length}, pairs, host, backend)
    target = resolve(model, task=task)
    plan = make_plan(
        target,
        host=host,
        store=Store(),
        backend=backend,
        device=device,
        recipe=compress,
        options={**options.call, **options.load},
        task=task,
        thorough=True,
        allow_pickle=allow_pickle,
    )
    if target.notice:
        note(target.notice)
    if as_json:
        print_json(plan_json(plan, target.origin))
    else:
        show(plan, target.origin)


def show(plan: Plan, origin: str) -> None:
    """Print a plan for a person; `origin` is who lists the model."""
    click.echo(way(plan))
    print_table(("what", "value"), [*facts(plan), ["listed by", origin]])
    for text in plan.notes:
        note(f"Note: {text}")
    if plan.rejected:
        click.echo("\nNot taken:")
        headers, rows = rejected(plan)
        print_table(headers, rows)


def rejected(plan: Plan) -> tuple[list[str], list[list[str]]]:
    """Every way that lost, as a table; a terminal is spared the columns that say nothing."""
    headers = ["variant", "recipe", "backend", "device", "verb", "model plugin", "why"]
    rows = [
        [each.variant, each.recipe, each.backend, each.device, each.verb, each.model_plugin, each.reason]
        for each in plan.rejected
    ]
    told = [place for place in range(len(headers)) if not is_terminal() or any(row[place] for row in rows)]
    return [headers[place] for place in told], [[row[place] or "-" for place in told] for row in rows]


def way(plan: Plan) -> str:
    """The chosen path as one line: artifacts, transforms, backend."""
    steps = [f"{plan.variant} ({plan.source.format})"]
    steps += [f"{step} ({step.gives})" for step in plan.recipe]
    opens = f"{plan.backend} on {plan.device}" + "".join(f" with {step}" for step in plan.load_steps)
    return " → ".join([*steps, opens, plan.verb, plan.model_plugin])


def facts(plan: Plan) -> list[list[str]]:
    """What the choice is and costs, as rows."""
    estimate, options = plan.estimate, ", ".join(f"{key}={value}" for key, value in _set(plan.options).items())
    free = "unknown" if plan.free_memory is None else human_size(plan.free_memory)
    parts = f"weights {human_size(estimate.weights)}, KV cache {human_size(estimate.cache)}"
    rows = [
        ["model", plan.model],
        ["task", plan.task],
        ["variant", plan.variant],
        ["format", plan.facts.format],
        ["precision", plan.precision or "unknown"],
        ["steps", " | ".join(plan.steps)],
        ["recipe", " | ".join(_told(step) for step in plan.recipe)],
        ["load steps", " | ".join(map(str, plan.load_steps))],
        ["backend", f"{plan.backend} ({plan.plugin})"],
        ["device", plan.device],
        ["verb", plan.verb],
        ["model plugin", plan.model_plugin],
        ["load options", options],
        ["size", f"{human_size(plan.source.size)}, {human_size(plan.download)} to download"],
        ["memory", f"{human_size(estimate.total)} ({parts}, working memory {human_size(estimate.working)})"],
        ["free memory", free],
        ["tuned", "" if plan.tuned is None else _tuned(plan.tuned)],
    ]
    return [row for row in rows if row[1]]


def plan_json(plan: Plan, origin: str) -> JSON:
    """A plan as JSON; the names are part of the command's interface."""
    estimate = plan.estimate
    return {
        "reference": plan.reference,
        "model": plan.model,
        "origin": origin,
        "task": plan.task,
        "variant": plan.variant,
        "format": plan.facts.format,
        "precision": plan.precision,
        "steps": list(plan.steps),
        "recipe": [_step_json(step) for step in plan.recipe],
        "load_steps": [{"step": step.step, "options": _options_json(step.options)} for step in plan.load_steps],
        "backend": plan.backend,
        "plugin": plan.plugin,
        "device": plan.device,
        "verb": plan.verb,
        "model_plugin": plan.model_plugin,
        "options": _options_json(plan.options),
        "size": plan.source.size,
        "download": plan.download,
        "memory": {
            "weights": estimate.weights,
            "cache": estimate.cache,
            "working": estimate.working,
            "total": estimate.total,
            "free": plan.free_memory,
        },
        "tuned": None if plan.tuned is None else cast("JSON", asdict(plan.tuned)),
        "notes": list(plan.notes),
        "rejected": [cast("JSON", asdict(each)) for each in plan.rejected],
    }


def _tuned(tuned: Tuned) -> str:
    """That the plan was measured, and what that gains."""
    what = (
        f"{tuned.gain:.{1 if tuned.gain >= 2 else 2}f} x what is taken otherwise"
        if tuned.gain != 1
        else "what is taken anyway"
    )
    allowed = "" if tuned.max_loss is None else f", a loss of {tuned.max_loss:g} allowed"
    return f"for {tuned.goal} on {tuned.made[:10]}: {what}; the best of {tuned.measured} that were measured{allowed}"


def _step_json(step: Step) -> JSON:
    return {
        "step": step.name,
        "transform": step.transform,
        "takes": step.takes,
        "gives": step.gives,
        "lossy": step.lossy,
        "asked": step.asked,
        "plugin": f"{step.plugin} {step.version}",
        "options": _options_json(step.options),
    }


def _options_json(options: Mapping[str, OptionValue]) -> JSON:
    return {name: _plain(value) for name, value in options.items()}


def _told(step: Step) -> str:
    return f"{step} ({'lossy' if step.lossy else 'lossless'}{'' if step.asked else ', added by the plan'})"


def _set(options: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    return {name: value for name, value in options.items() if value is not None and value != []}


def _plain(value: OptionValue) -> JSON:
    return cast("JSON", value) if isinstance(value, bool | int | float | list | dict | None) else str(value)
