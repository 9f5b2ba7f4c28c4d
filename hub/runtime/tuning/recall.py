"""Makes the plan of what was found to be the best way here, while it still holds; says so where it does not.

Used by the planner where nothing else was asked for. Knows nothing of how ways are measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from hub import config
from hub.errors import HubError
from hub.runtime.planning.candidates import Rejected
from hub.runtime.planning.plan import Plan, Tuned
from hub.runtime.planning.recipe import recipe_text
from hub.runtime.transforms.transform import find_derived
from hub.runtime.tuning.fingerprint import libraries, machine_now, model_digest
from hub.runtime.tuning.winners import Winner, read_winner
from hub.types import JSON

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.references.target import Target
    from hub.store.store import Store

__all__ = ["Search", "recalled", "why_stale"]


class Search(Protocol):
    """Makes a plan without looking at what is remembered."""

    def __call__(self, target: Target, *, backend: str | None, device: str | None, recipe: str, thorough: bool) -> Plan:
        """As `make_plan`."""


def recalled(target: Target, search: Search, *, task: str, host: Host, store: Store, thorough: bool) -> Plan | None:
    """The plan of the winner, or the usual one with a note where the winner holds no more; `None` if there is none."""
    winner = read_winner(target, task)
    if winner is None:
        return None
    reason = why_stale(winner, target, host)
    if not reason:
        chosen = target if winner.variant is None else replace(target, variant=winner.variant)
        try:
            plan = search(chosen, backend=winner.backend, device=winner.device, recipe=winner.recipe, thorough=False)
        except HubError as error:
            reason = error.message
        else:
            if not plan.recipe or find_derived(plan, host=host, store=store) is not None:
                others = tuple(_others(target, search, plan, winner)) if thorough else ()
                return replace(plan, tuned=_tuned(winner), rejected=others)
            reason = f"what '{winner.recipe or recipe_text(plan.recipe)}' made is not on this machine any more"
    plan = search(target, backend=None, device=None, recipe="", thorough=thorough)
    return replace(plan, notes=(*plan.notes, _not_used(winner, target, reason)))


def why_stale(winner: Winner, target: Target, host: Host) -> str:
    """Why a winner does not hold any more; empty while it does."""
    if winner.digest != model_digest(target):
        return "the model's files are others now"
    if winner.backend not in host.backends:
        return f"backend '{winner.backend}' is not installed any more"
    preferred = config.get("device")
    if preferred not in {"auto", winner.device, winner.device.partition(":")[0]}:
        return f"it runs on {winner.device}, and device '{preferred}' is set"
    return _change(winner.machine, machine_now()) or _change(winner.libraries, libraries(winner.backend, host))


def _change(before: Mapping[str, JSON] | Mapping[str, str], now: Mapping[str, JSON] | Mapping[str, str]) -> str:
    """The first thing that is another one now."""
    for name in (*before, *now):
        old, new = before.get(name), now.get(name)
        if old != new:
            return f"{name} was {_said(old)} and is {_said(new)}"
    return ""


def _said(value: JSON) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _not_used(winner: Winner, target: Target, reason: str) -> str:
    name = target.reference
    return (
        f"what was tuned for {winner.goal} on {winner.made[:10]} is not used: {reason}. "
        f"Measure again: hub tune {name}; forget it: hub tune {name} --reset"
    )


def _tuned(winner: Winner) -> Tuned:
    return Tuned(
        goal=winner.goal,
        gain=winner.gain,
        made=winner.made,
        max_loss=winner.max_loss,
        measured=len(winner.measured),
    )


def _others(target: Target, search: Search, plan: Plan, winner: Winner) -> Iterator[Rejected]:
    """What lost: ways that were measured by what they reached, the others by the reasons of the usual plan."""
    try:
        usual = search(target, backend=None, device=None, recipe="", thorough=True)
    except HubError:
        return
    gains = {_key(each): each.get("gain") for each in winner.measured}
    own = _rejected(plan, "")
    for each in (_rejected(usual, "it would be taken without tuning"), *usual.rejected):
        gain = gains.get((each.variant, each.recipe, each.backend, each.device, each.verb))
        if replace(each, reason="") == own:
            continue
        if isinstance(gain, int | float) and gain > 0:
            yield replace(
                each, reason=f"measured: {winner.gain / gain:.2f} times the {_cost(winner)} of the chosen way"
            )
        else:
            yield each


def _cost(winner: Winner) -> str:
    return "memory" if winner.goal == "memory" else "time"


def _key(each: Mapping[str, JSON]) -> tuple[object, ...]:
    return tuple(each.get(name) for name in ("variant", "recipe", "backend", "device", "verb"))


def _rejected(plan: Plan, reason: str) -> Rejected:
    return Rejected(
        variant=plan.variant,
        recipe=recipe_text((*plan.recipe, *plan.load_steps)),
        backend=plan.backend,
        device=plan.device,
        verb=plan.verb,
        model_plugin=plan.model_plugin,
        reason=reason,
    )
