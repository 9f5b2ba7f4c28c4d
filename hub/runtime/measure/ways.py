"""Which ways of running a compressed model are measured, and against what: every backend that opens the artifact.

Made of plans; nothing is downloaded or run. Knows nothing of figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.errors import HubError
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.runtime.planning.recipe import Step, recipe_text

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.references.target import Target
    from hub.store.store import Store

__all__ = ["origin_of", "same_artifact", "way_name"]


def way_name(plan: Plan) -> str:
    """How a way of opening weights is called: `onnx on cpu`, `torch on cuda (bf16)`."""
    steps = recipe_text(plan.load_steps)
    return f"{plan.backend} on {plan.device}" + (f" ({steps})" if steps else "")


def same_artifact(target: Target, plan: Plan, recipe: str, *, host: Host, store: Store) -> list[Plan]:
    """Plans of every other backend that opens what this plan makes, in the order of their names.

    A backend for which the recipe would make another artifact is left out, and so is one that cannot be used here.
    """
    target = replace(target, variant=plan.variant)
    found: list[Plan] = []
    for backend in sorted(host.backends):
        if backend == plan.backend or plan.load_steps:
            continue
        try:
            other = make_plan(target, host=host, store=store, backend=backend, recipe=recipe, task=plan.task)
        except HubError:
            continue
        if _makes(other.recipe) == _makes(plan.recipe) and not other.load_steps:
            found.append(other)
    return found


def origin_of(target: Target, plan: Plan, *, host: Host, store: Store) -> Plan:
    """The plan of what a recipe began with: the variant before the first lossy step, on the same backend if it can.

    Of a variant that its maker compressed, the origin is the model's preferred variant that is not.

    Raises
    ------
    HubError
        Nothing runs the origin here; as `make_plan` raises it.
    """
    published = bool(plan.steps)
    target = replace(target, variant=None if published else plan.variant)
    recipe = "" if published else recipe_text(_before_loss(plan))

    def planned(backend: str | None, device: str | None) -> Plan:
        return make_plan(
            target,
            host=host,
            store=store,
            backend=backend,
            device=device,
            recipe=recipe,
            task=plan.task,
            tuned=False,
        )

    try:
        return planned(plan.backend, plan.device)
    except HubError:
        return planned(None, None)


def _before_loss(plan: Plan) -> list[Step]:
    """Conversions that were asked for before the first lossy step; none where no step is lossy."""
    if not any([*(step.lossy for step in plan.recipe), *(step.lossy for step in plan.load_steps)]):
        return []
    kept: list[Step] = []
    for step in plan.recipe:
        if step.lossy:
            break
        kept.append(step)
    return [step for step in kept if step.asked]


def _makes(steps: Sequence[Step]) -> list[tuple[str, object, object]]:
    """What an artifact of these steps is known by, but for its parent."""
    return [(step.transform, dict(step.options), dict(step.content)) for step in steps]
