"""Checks that a converter kept its promise: the same feeds give the same tensors before and after.

The feeds are recorded while the model plugin answers the task's samples on the input; then the output gets them. One
backend runs both where one opens both formats, so that no difference between two runtimes counts.
Knows nothing of recipes or of where artifacts are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.errors import PluginBroken
from hub.runtime.asking import ask
from hub.runtime.protocols import Weights
from hub.runtime.transforms.recording import Recorded, find_openers, opened, record_calls
from hub.types import JSON

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.protocols import Outputs

__all__ = ["check_agreement"]


def check_agreement(before: Weights, after: Weights, model: str, tolerance: float, host: Host) -> dict[str, JSON]:
    """Compare what a converter made with what it was given.

    Parameters
    ----------
    model
        Id of the model plugin that answers the samples.

    Returns
    -------
    dict
        `tolerance`, `difference` (the largest, relative to the largest value of its tensor) and `samples`; or
        `skipped` with the reason why they could not be compared.

    Raises
    ------
    PluginBroken
        They differ by more than the tolerance.
    """
    plugin = host.models[model]
    opens = find_openers(before.facts.format, after.facts.format, host)
    target = host.tasks[before.facts.task].spec.samples if before.facts.task in host.tasks else None
    if "run" not in plugin.spec.verbs:
        return {"skipped": f"{model} does not work with tensors"}
    if target is None:
        return {"skipped": f"task {before.facts.task} has no samples"}
    if opens[0] is None or opens[1] is None:
        missing = before.facts.format if opens[0] is None else after.facts.format
        return {"skipped": f"no installed backend runs {missing}"}
    samples = ask(host, host.tasks[before.facts.task], target, answer=list)
    calls = record_calls(before, opens[0], plugin, samples, host)
    with opened(after, opens[1], host) as parts:
        difference = max((_difference(each, parts[each.part].run(each.feeds)) for each in calls), default=0.0)
    if not difference <= tolerance:
        raise PluginBroken(
            f"what came out differs from what went in by {difference:.2g}, and {tolerance:g} is allowed",
            hint="Report it to the plugin's author. See: hub plugin list",
        )
    return {"tolerance": tolerance, "difference": difference, "samples": len(samples)}


def _difference(recorded: Recorded, found: Outputs) -> float:
    """Largest difference of any tensor, relative to its largest value; infinite where shapes or names differ."""
    import numpy as np

    if set(recorded.outputs) != set(found):
        return float("inf")
    worst = 0.0
    for name, before in recorded.outputs.items():
        after = found[name]
        if before.shape != after.shape:
            return float("inf")
        if not before.size:
            continue
        if before.dtype.kind not in "fiub":
            worst = max(worst, 0.0 if np.array_equal(before, after) else float("inf"))
            continue
        left, right = before.astype(np.float64), after.astype(np.float64)
        scale = float(np.max(np.abs(left))) or 1.0
        worst = max(worst, float(np.max(np.abs(left - right))) / scale)
    return worst
