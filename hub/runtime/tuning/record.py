"""What is remembered of a trial: the winner, what it was measured on, and what it won against.

Knows nothing of where it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hub.runtime.planning.recipe import recipe_text
from hub.runtime.tuning.fingerprint import libraries, machine_now, model_digest
from hub.runtime.tuning.goals import Goal, gain
from hub.runtime.tuning.trial import Result
from hub.runtime.tuning.winners import Winner
from hub.types import JSON

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.references.target import Target

__all__ = ["winner_json", "winner_of"]


def winner_of(
    target: Target, results: Sequence[Result], best: Result, *, goal: Goal, max_loss: float | None, host: Host
) -> Winner:
    """The record of the best result; its `measured` are all results, in order."""
    base = next((result for result in results if result.base), best)
    plan = best.way.plan
    return Winner(
        model=target.model.id,
        task=plan.task,
        variant=best.way.variant,
        recipe=best.way.recipe,
        backend=best.way.backend,
        device=best.way.device,
        goal=goal,
        max_loss=max_loss,
        gain=_gain(best, base, goal) or 1.0,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        digest=model_digest(target),
        machine=machine_now(),
        libraries=libraries(best.way.backend, host),
        measured=tuple(_measured(result, base, goal) for result in results),
    )


def winner_json(winner: Winner) -> JSON:
    """What `hub tune --json` says of the winner; the names are part of its interface."""
    return {
        "variant": winner.variant,
        "recipe": winner.recipe,
        "backend": winner.backend,
        "device": winner.device,
        "goal": winner.goal,
        "max_loss": winner.max_loss,
        "gain": winner.gain,
        "made": winner.made,
        "machine": dict(winner.machine),
        "libraries": dict(winner.libraries),
    }


def _measured(result: Result, base: Result, goal: Goal) -> dict[str, JSON]:
    plan = result.way.plan
    return {
        "variant": plan.variant,
        "recipe": recipe_text((*plan.recipe, *plan.load_steps)),
        "backend": plan.backend,
        "device": plan.device,
        "verb": plan.verb,
        "gain": _gain(result, base, goal),
        "loss": result.loss,
    }


def _gain(result: Result, base: Result, goal: Goal) -> float | None:
    """How many times better than the base; `None` where one of them has no figures."""
    if result is base and result.figures is not None:
        return 1.0
    if result.figures is None or base.figures is None:
        return None
    return gain(result.figures, base.figures, goal)
