"""Measures ways: weights made ready, answers compared with those of the base, speed taken in turn.

One that fails keeps its reason, and the rest go on. Knows nothing of which way is best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub.errors import HubError
from hub.runtime.measure.comparison import Comparison, Reference, reference
from hub.runtime.measure.effort import Effort
from hub.runtime.measure.figures import Figures
from hub.runtime.measure.speed import measure_in_turn
from hub.runtime.measure.subject import Subject
from hub.runtime.transforms.data import Measured
from hub.runtime.transforms.ready import make_ready
from hub.runtime.tuning.ways import Way, Ways, is_lossy
from hub.store.progress import Progress, Silent

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.references.target import Target
    from hub.store.store import Store

__all__ = ["Result", "try_ways"]


@dataclass(kw_only=True, slots=True)
class Result:
    """What was measured of a way.

    Attributes
    ----------
    origin
        Whether the answers of the others were compared with those of this one.
    figures
        `None` where it failed or was not timed; `error` says why.
    fidelity
        `None` for the origin, and where nothing was compared; `not_compared` says why.
    """

    way: Way
    lossy: bool
    base: bool = False
    origin: bool = False
    figures: Figures | None = None
    fidelity: Comparison | None = None
    error: str = ""
    not_compared: str = ""
    subject: Subject | None = field(default=None, repr=False)

    @property
    def loss(self) -> float | None:
        """What its answers lost against the origin's; `None` where nobody knows."""
        if self.origin:
            return 0.0
        return None if self.fidelity is None else self.fidelity.loss


def try_ways(
    target: Target,
    ways: Ways,
    data: Measured,
    *,
    host: Host,
    store: Store,
    effort: Effort,
    compare: bool = True,
    max_loss: float | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Measure every way on the same inputs.

    Parameters
    ----------
    compare
        Whether to compare answers at all.
    max_loss
        A way that loses more is not timed.

    Returns
    -------
    list
        In the order of the ways.
    """
    progress = progress or Silent()
    results = [Result(way=way, lossy=is_lossy(way.plan, ways.base.plan), base=way is ways.base) for way in ways.found]
    _make_ready(results, target, host, store, progress)
    if compare:
        _compare(results, data, host, effort, progress)
    for result in results:
        if max_loss is not None and result.loss is not None and result.loss > max_loss:
            result.error = f"it loses {result.loss:.3g}, and {max_loss:g} was allowed"
    _time([result for result in results if result.subject and not result.error], data, host, effort, progress)
    return results


def _make_ready(results: Sequence[Result], target: Target, host: Host, store: Store, progress: Progress) -> None:
    for result in results:
        try:
            plan, artifact = make_ready(target, result.way.plan, host=host, store=store, progress=progress)
        except HubError as error:
            result.error = error.message
        else:
            result.subject = Subject(plan=plan, artifact=artifact)


def _compare(results: Sequence[Result], data: Measured, host: Host, effort: Effort, progress: Progress) -> None:
    """Have the base answer, or the first lossless way that can, and hold the others against it."""
    reason = ""
    for result in sorted(results, key=lambda result: (not result.base, result.lossy)):
        if result.subject is None or (result.lossy and not result.base):
            continue
        progress.say(f"Answers to compare with: {result.way.name}")
        try:
            with reference(result.subject, data.inputs, host=host, effort=effort, labels=data.labels) as kept:
                result.origin = True
                _hold_against(kept, [each for each in results if each is not result], progress)
                return
        except HubError as error:
            if result.origin:
                raise
            result.not_compared = error.message
            reason = reason or error.message
    for result in results:
        result.not_compared = result.not_compared or reason


def _hold_against(kept: Reference, results: Sequence[Result], progress: Progress) -> None:
    for result in results:
        if result.subject is None:
            continue
        progress.say(f"Comparing: {result.way.name}")
        try:
            result.fidelity = kept.compare(result.subject)
        except HubError as error:
            result.not_compared = error.message


def _time(results: Sequence[Result], data: Measured, host: Host, effort: Effort, progress: Progress) -> None:
    def tell(index: int, turn: int) -> None:
        name, of = results[index].way.name, f"{index + 1} of {len(results)}"
        progress.say(f"Round {turn + 1} of {effort.rounds}, {of}: {name}")

    subjects = [result.subject for result in results if result.subject is not None]
    found = measure_in_turn(subjects, data.inputs, host=host, effort=effort, tell=tell)
    for result, figures in zip(results, found, strict=True):
        if isinstance(figures, HubError):
            result.error = figures.message
        else:
            result.figures = figures
