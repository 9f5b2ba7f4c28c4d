"""Plans and loads one model in a worker process, with the load options that its backend has. Blocks: for threads.

Knows nothing of the other models, but for the bytes that are promised to them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from hub.errors import DoesNotFit
from hub.memory import free_memory
from hub.plugin.host import get_host
from hub.plugin.specs import ModelSpec, TaskSpec
from hub.runtime.api import load_plan
from hub.runtime.model import LoadedModel
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.runtime.planning.recipe import recipe_text
from hub.runtime.references.target import Target
from hub.server.settings import Settings
from hub.sizes import human_size
from hub.store.progress import Silent
from hub.store.store import Store

__all__ = ["Ready", "check_room", "load", "plan_for"]

_LOG = logging.getLogger("hub.server")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """A model that answers, and what of its plugins tells how it may be asked."""

    model: LoadedModel
    spec: ModelSpec
    task: TaskSpec


def plan_for(target: Target, settings: Settings) -> Plan:
    """How this server runs a model.

    Raises
    ------
    HubError
        As `hub.plan`.
    """
    host, store = get_host(), Store()
    plan = make_plan(
        target,
        host=host,
        store=store,
        backend=settings.backend,
        device=settings.device,
        recipe=settings.compress,
    )
    known = {option.name for option in host.backends[plan.backend].spec.options}
    wanted = {name: value for name, value in settings.load.items() if name in known}
    if not wanted:
        return plan
    chosen = {name: value for name, value in plan.options.items() if value is not None}
    return make_plan(
        replace(target, variant=plan.variant or target.variant),
        host=host,
        store=store,
        backend=plan.backend,
        device=plan.device,
        recipe=recipe_text((*plan.recipe, *plan.load_steps)),
        options={**chosen, **wanted},
    )


def load(target: Target, plan: Plan, settings: Settings) -> Ready:
    """Fetch what is missing, and open the model in a worker process that is ended where it gives no sign of life.

    Raises
    ------
    HubError
        As `hub.load`.
    """
    host = get_host()
    model = load_plan(target, plan, worker=True, patience=settings.heartbeat, progress=_Told())
    return Ready(model=model, spec=host.models[plan.model_plugin].spec, task=host.tasks[plan.task].spec)


def check_room(plan: Plan, *, promised: int, taken: int, budget: int | None) -> None:
    """Refuse a model that the machine, or the budget, has no room for.

    Parameters
    ----------
    promised
        Bytes that other models are expected to take and have not taken yet.
    taken
        Bytes that the other models are expected to take in all.

    Raises
    ------
    DoesNotFit
        There is no room now.
    """
    need = plan.estimate.total
    if budget is not None and taken + need > budget:
        raise DoesNotFit(
            f"'{plan.model}' takes {human_size(need)}; the models of this server may take {human_size(budget)}, and "
            f"{human_size(taken)} of it is in use"
        )
    free = free_memory()
    if free is not None and plan.device == "cpu" and promised and need > free - promised:
        raise DoesNotFit(
            f"'{plan.model}' takes {human_size(need)}, and {human_size(max(0, free - promised))} is free besides what "
            "other models are about to take"
        )


class _Told(Silent):
    """What a person should know goes to the log: that a download began, and notices."""

    def begin(self, name: str, total: int | None, done: int = 0) -> None:
        """Log that a file is downloaded."""
        _LOG.info("downloading %s", name, extra={"size": human_size(total)})

    def say(self, text: str) -> None:
        """Log a line."""
        _LOG.info("%s", text)
