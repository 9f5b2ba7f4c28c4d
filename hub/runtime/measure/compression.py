"""Makes a compressed model and measures it against its origin, on every backend that opens it.

What loses more than is allowed is refused, and nothing that was made on the way is kept. Knows nothing of terminals.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import HubError, PolicyError
from hub.runtime.measure.comparison import Comparison, Reference, reference
from hub.runtime.measure.effort import Effort
from hub.runtime.measure.figures import Figures
from hub.runtime.measure.speed import measure_in_turn
from hub.runtime.measure.subject import Subject
from hub.runtime.measure.ways import origin_of, same_artifact, way_name
from hub.runtime.planning.plan import Plan
from hub.runtime.transforms.data import Measured, measuring_data
from hub.runtime.transforms.ready import make_ready
from hub.runtime.transforms.undo import seen_before, undo
from hub.store.progress import Progress, Silent
from hub.store.store import Store

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.references.target import Target

__all__ = ["Compression", "Way", "compress"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A compressed model on one backend, and what was measured of it and of its origin.

    `error` says why this backend could not; the figures are `None` then.
    """

    subject: Subject
    origin: Subject
    before: Figures | None = None
    after: Figures | None = None
    fidelity: Comparison | None = None
    error: HubError | None = None

    @property
    def name(self) -> str:
        """`onnx on cpu`."""
        return way_name(self.subject.plan)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compression:
    """What came out: its plan's way first, then those of the other backends; and what it was measured on."""

    ways: tuple[Way, ...]
    data: Measured

    @property
    def subject(self) -> Subject:
        """The compressed model as the plan opens it."""
        return self.ways[0].subject


def compress(
    target: Target,
    plan: Plan,
    recipe: str,
    *,
    host: Host,
    store: Store,
    others: bool = True,
    data: Path | None = None,
    max_loss: float | None = None,
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Compression:
    """Do a recipe, and measure size, load, memory, speed and fidelity before and after.

    Parameters
    ----------
    plan
        Of the recipe, as `make_plan` gives it.
    others
        Measure on the other backends too that open the same artifact.
    data
        The person's file to measure on; what the task's own data leaves over otherwise.
    max_loss
        Most that may be lost on any backend, by the task's measure, against the origin of the chain.

    Raises
    ------
    PolicyError
        More was lost; what this call made is gone from the store.
    HubError
        A step failed, or the plan's own backend could not open or answer; steps that were done are not done again.
    """
    progress, effort = progress or Silent(), effort or Effort()
    measured = measuring_data(plan.task, data, host=host, store=store, progress=progress)
    before = seen_before(store)
    made: list[Subject] = []

    def ready(wanted: Plan) -> Subject:
        opens, artifact = make_ready(target, wanted, host=host, store=store, progress=progress)
        made.append(Subject(plan=opens, artifact=artifact))
        return made[-1]

    try:
        plans = [plan, *(same_artifact(target, plan, recipe, host=host, store=store) if others else ())]
        origins = [origin_of(target, each, host=host, store=store) for each in plans]
        ways = [Way(subject=ready(after), origin=ready(origin)) for after, origin in zip(plans, origins, strict=True)]
        ways = _measured(ways, measured, host, effort, progress)
        _refuse_lossy(ways, max_loss, kept=ways[0].subject.artifact.digest in before.digests)
    except PolicyError:
        undo(store, before, [subject.artifact for subject in made])
        raise
    return Compression(ways=tuple(ways), data=measured)


def _measured(ways: Sequence[Way], data: Measured, host: Host, effort: Effort, progress: Progress) -> list[Way]:
    """The ways with their figures; one that fails keeps its error, and the first one must not."""
    subjects = _distinct([subject for way in ways for subject in (way.origin, way.subject)])

    def tell(index: int, turn: int) -> None:
        progress.say(f"measuring {_called(subjects[index])}, round {turn + 1} of {effort.rounds}")

    found = measure_in_turn(subjects, data.inputs, host=host, effort=effort, tell=tell)
    figures = {_identity(subject): each for subject, each in zip(subjects, found, strict=True)}
    told: list[Way] = []
    with ExitStack() as stack:
        kept: dict[tuple[object, ...], Reference] = {}
        for way in ways:
            before, after = figures[_identity(way.origin)], figures[_identity(way.subject)]
            try:
                if isinstance(before, HubError):
                    raise before
                if isinstance(after, HubError):
                    raise after
                progress.say(f"comparing the answers of {_called(way.subject)} with those of its origin")
                which = _identity(way.origin)
                if which not in kept:
                    labels = data.labels
                    kept[which] = stack.enter_context(
                        reference(way.origin, data.inputs, host=host, effort=effort, labels=labels)
                    )
                told.append(replace(way, before=before, after=after, fidelity=kept[which].compare(way.subject)))
            except HubError as error:
                if not told:
                    raise
                told.append(replace(way, error=error))
    return told


def _refuse_lossy(ways: Sequence[Way], max_loss: float | None, *, kept: bool) -> None:
    """Refuse what lost too much; `kept` tells that it was here before, and stays."""
    if max_loss is None:
        return
    over = [way for way in ways if way.fidelity is not None and not way.fidelity.loss <= max_loss]
    if not over:
        return
    worst = [f"{way.name}: {way.fidelity.loss:.3g}" for way in over if way.fidelity is not None]
    raise PolicyError(
        f"it loses more than {max_loss:g}, and {'what was made earlier stays' if kept else 'nothing of it was kept'}: "
        + "; ".join(worst),
        hint="Allow more (--max-loss), or choose a milder recipe"
        + (", or name the backend that matters: --backend" if len(over) < len(ways) else ""),
        details=[
            f"{way.name}: " + ", ".join(f"{name} {value:.4g}" for name, value in way.fidelity.figures.items())
            for way in over
            if way.fidelity is not None
        ],
    )


def _distinct(subjects: Sequence[Subject]) -> list[Subject]:
    return list({_identity(subject): subject for subject in subjects}.values())


def _identity(subject: Subject) -> tuple[object, ...]:
    """Subjects that are opened alike are measured once."""
    plan = subject.plan
    return subject.artifact.digest or str(subject.artifact.path), plan.model_plugin, plan.verb, way_name(plan)


def _called(subject: Subject) -> str:
    plan = subject.plan
    steps = " | ".join([*plan.steps, *map(str, plan.recipe)])
    return f"{plan.variant}{f' | {steps}' if steps else ''} with {way_name(plan)}"
