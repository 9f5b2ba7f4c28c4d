"""Checks that a converter kept its promise: the same feeds give the same tensors before and after.

The feeds are recorded while the model plugin answers the task's samples on the input; then the output gets them.
Knows nothing of recipes or of where artifacts are kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import PluginBroken
from hub.plugin.specs import BackendSpec, ModelSpec
from hub.runtime.asking import ask
from hub.runtime.guard import guard
from hub.runtime.options import resolve_options
from hub.runtime.protocols import OpenRequest, Session
from hub.runtime.relay import silent
from hub.types import JSON, Facts

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided
    from hub.runtime.protocols import Array, Feeds, Outputs

__all__ = ["Weights", "check_agreement"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """Weights on disk, of which format and parts is in their facts."""

    path: Path
    facts: Facts


@dataclass(frozen=True, slots=True)
class Recorded:
    """One call of `run`: the part, what went in and what came out."""

    part: str
    feeds: dict[str, Array]
    outputs: Outputs


class Tap(Session):
    """A session that keeps what passes through it."""

    def __init__(self, inner: Session, part: str, calls: list[Recorded]) -> None:
        self.inputs = inner.inputs
        self.outputs = inner.outputs
        self.metadata = inner.metadata
        self.honours = inner.honours
        self.concurrency = inner.concurrency
        self._inner = inner
        self._part = part
        self._calls = calls

    def run(self, feeds: Feeds, wanted: Sequence[str] | None = None) -> Outputs:
        """Run, and keep feeds and all outputs."""
        outputs = self._inner.run(feeds)
        self._calls.append(Recorded(self._part, {name: value.copy() for name, value in feeds.items()}, outputs))
        return outputs if wanted is None else {name: outputs[name] for name in wanted}


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
    opens = [_opener(weights.facts.format, host) for weights in (before, after)]
    target = host.tasks[before.facts.task].spec.samples if before.facts.task in host.tasks else None
    if "run" not in plugin.spec.verbs:
        return {"skipped": f"{model} does not work with tensors"}
    if target is None:
        return {"skipped": f"task {before.facts.task} has no samples"}
    if opens[0] is None or opens[1] is None:
        missing = before.facts.format if opens[0] is None else after.facts.format
        return {"skipped": f"no installed backend runs {missing}"}
    samples = ask(host, host.tasks[before.facts.task], target, answer=list)
    calls = _record(before, opens[0], plugin, samples, host)
    with _opened(after, opens[1], host) as parts:
        difference = max((_difference(each, parts[each.part].run(each.feeds)) for each in calls), default=0.0)
    if not difference <= tolerance:
        raise PluginBroken(
            f"what came out differs from what went in by {difference:.2g}, and {tolerance:g} is allowed",
            hint="Report it to the plugin's author. See: hub plugin list",
        )
    return {"tolerance": tolerance, "difference": difference, "samples": len(samples)}


def _record(
    weights: Weights, backend: Provided[BackendSpec], plugin: Provided[ModelSpec], samples: Sequence[object], host: Host
) -> list[Recorded]:
    calls: list[Recorded] = []
    build = host.resolve(plugin, plugin.spec.target)
    options = resolve_options(plugin.spec.options, {}, f"model plugin '{plugin.spec.id}'")
    with _opened(weights, backend, host) as parts:
        taps = {part: Tap(session, part, calls) for part, session in parts.items()}
        build(taps, "run", weights.path, weights.facts).infer(list(samples), options, silent)
    return calls


@contextmanager
def _opened(weights: Weights, backend: Provided[BackendSpec], host: Host) -> Iterator[Mapping[str, Session]]:
    """Every part, on the CPU and with the backend's own settings."""
    for name, value in backend.spec.env.items():
        os.environ.setdefault(name, value)
    options = resolve_options(backend.spec.options, {}, f"backend '{backend.spec.id}'")
    parts: dict[str, Session] = {}
    with ExitStack() as stack:
        for part in weights.facts.parts:
            request = OpenRequest(
                path=weights.path, verb="run", device="cpu", facts=weights.facts, part=part, options=options
            )
            session = guard(ask(host, backend, backend.spec.target, request), "run", backend=backend.spec.id)
            stack.callback(session.close)
            parts[part] = session
        yield parts


def _opener(form: str, host: Host) -> Provided[BackendSpec] | None:
    able = (
        provided
        for _, provided in sorted(host.backends.items())
        if form in provided.spec.formats and "run" in provided.spec.verbs and "cpu" in provided.spec.devices
    )
    return next(able, None)


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
