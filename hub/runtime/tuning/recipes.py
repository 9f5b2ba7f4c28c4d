"""Which steps are tried on a model when nobody names a recipe: those that are sensible without options.

That is every load step, and every compression that makes weights smaller and leaves the model's shape as it is. What
cuts parts off a model or trains it takes long and wants to be chosen. Knows nothing of backends' devices or figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from hub.errors import HubError
from hub.runtime.asking import ask
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.recipe import Step
from hub.runtime.references.facts import weights_size
from hub.types import Facts

if TYPE_CHECKING:
    from hub.plugin.host import Host

__all__ = ["does_not_shrink", "step_words"]

_SHARE = 0.95


def step_words(host: Host, backends: Sequence[str] = (), *, lossless: bool = False) -> tuple[str, ...]:
    """Words of steps that compress, in alphabetical order; load steps of these backends alone if any is named."""
    loads = {
        step.step
        for name, provided in host.backends.items()
        if not backends or name in backends
        for step in provided.spec.load_steps
        if not (lossless and step.lossy)
    }
    if lossless:
        return tuple(sorted(loads))
    compressions = {provided.spec.step for provided in host.transforms.values() if provided.spec.lossy}
    return tuple(sorted(loads | compressions))


def does_not_shrink(plan: Plan, host: Host) -> str:
    """Why a step of the plan's recipe is not tried on its own; empty if it is."""
    facts = plan.source
    for step in plan.recipe:
        after = _after(step, facts, host)
        if step.lossy and (after is None or not _smaller(after, facts)):
            return f"'{step}' does not make the weights smaller by itself: name it with its options to try it"
        if step.lossy and after is not None and _shape(after) != _shape(facts):
            return f"'{step}' changes the model's shape: name it with its options to try it"
        facts = after or facts
    return ""


def _after(step: Step, facts: Facts, host: Host) -> Facts | None:
    """Facts of what a step makes; `None` where nobody says."""
    provided = host.transforms[step.transform]
    if provided.spec.predict is None:
        return None
    try:
        found = ask(host, provided, provided.spec.predict, facts, step.options, answer=Facts | str)
    except HubError:
        return None
    return None if isinstance(found, str) else cast("Facts", found)


def _smaller(after: Facts, before: Facts) -> bool:
    """By more than what assets may differ by; whether the size or the files are predicted is up to the plugin."""
    size, weights = (after.size, before.size), (weights_size(after), weights_size(before))
    return any(new < _SHARE * old for new, old in (size, weights))


def _shape(facts: Facts) -> tuple[object, ...]:
    names = ("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "hidden_size", "intermediate_size")
    return tuple(facts.config.get(name) for name in names)
