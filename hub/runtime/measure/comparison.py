"""Tells what a change lost: the answers of an origin are taken once, and those of each changed model held against them.

How answers are compared is the task's: its `Fidelity`. Knows nothing of speed.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import PluginBroken, UsageError
from hub.runtime.asking import ask
from hub.runtime.measure.effort import Effort
from hub.runtime.measure.subject import Opened, Subject, call_options
from hub.runtime.protocols import Fidelity
from hub.store.layout import storage_errors
from hub.types import JSON, OptionValue

if TYPE_CHECKING:
    from hub.plugin.host import Host

__all__ = ["Comparison", "Reference", "compare", "reference"]

_CHUNK = 16
"""Inputs of one call where answers are small."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What a change lost: the task's figures by their standard names, its loss (0: nothing), inputs compared."""

    figures: Mapping[str, float]
    loss: float
    inputs: int

    def as_json(self) -> dict[str, JSON]:
        """The same as JSON; the names are part of the interface of the commands that print them."""
        return {"figures": dict(self.figures), "loss": self.loss, "inputs": self.inputs}


class Reference:
    """Answers of an origin, kept in files until it is closed: those of language models are large."""

    def __init__(
        self, origin: Subject, inputs: Sequence[Any], labels: Sequence[str], folder: Path, host: Host, effort: Effort
    ) -> None:
        self.origin = origin
        self.inputs = inputs
        self._labels = labels
        self._folder = folder
        self._host = host
        self._effort = effort

    def compare(self, candidate: Subject) -> Comparison:
        """Hold the answers of a changed model against those of the origin, on the same inputs.

        Raises
        ------
        UsageError
            The task does not say how answers are compared.
        PluginBroken
            What compares them failed.
        """
        fidelity = fidelity_of(self.origin.plan.task, self._host)
        what = type(fidelity).__name__
        options = call_options(candidate.plan, self._host, self._effort)
        place = 0
        with Opened(candidate) as opened:
            for found in _answers(opened, self.inputs, options):
                for after in found:
                    right = {"label": self._labels[place]} if self._labels else {}
                    fidelity.add(self._before(place), after, **right)
                    place += 1
        figures, loss = dict(fidelity.figures()), fidelity.loss()
        if not all(isinstance(value, float | int) for value in (*figures.values(), loss)):
            raise PluginBroken(f"{what} gave figures that are no numbers: {figures}")
        return Comparison(
            figures={name: float(value) for name, value in figures.items()}, loss=float(loss), inputs=place
        )

    def take(self) -> None:
        """Have the origin answer."""
        options = call_options(self.origin.plan, self._host, self._effort)
        place = 0
        with Opened(self.origin) as opened:
            for found in _answers(opened, self.inputs, options):
                for answer in found:
                    path = self._folder / str(place)
                    with storage_errors(path), path.open("wb") as stream:
                        pickle.dump(answer, stream, pickle.HIGHEST_PROTOCOL)
                    place += 1

    def _before(self, place: int) -> Any:  # Any: what `Model.evaluate` gives for the task
        with (self._folder / str(place)).open("rb") as stream:
            return pickle.load(stream)  # noqa: S301 - written above, into a private folder


def fidelity_of(task: str, host: Host) -> Fidelity:
    """A new comparison of answers of a task.

    Raises
    ------
    UsageError
        The task does not say how answers are compared.
    """
    provided = host.tasks.get(task)
    if provided is None or provided.spec.fidelity is None:
        raise UsageError(
            f"what a change loses cannot be told: task '{task}' does not say how answers are compared",
            hint="The plugin that brings the task can: TaskSpec(fidelity=…). See docs/plugins.md",
        )
    made = ask(host, provided, provided.spec.fidelity, answer=Fidelity)
    assert isinstance(made, Fidelity)
    return made


@contextmanager
def reference(
    origin: Subject,
    inputs: Sequence[Any],  # Any: of the kinds that the task takes
    *,
    host: Host,
    effort: Effort | None = None,
    labels: Sequence[str] = (),
) -> Iterator[Reference]:
    """Have an origin answer inputs once, to compare any number of changed models with it.

    Parameters
    ----------
    labels
        The right answer of each input, where the data says them; see `hub.runtime.transforms.data.measuring_data`.

    Raises
    ------
    UsageError
        There are no inputs, or the task does not say how answers are compared.
    HubError
        The origin could not be opened or could not answer.
    """
    effort = effort or Effort()
    inputs = list(inputs)[: effort.limit_for(origin.plan.verb, labelled=bool(labels))]
    if not inputs:
        raise UsageError("there is nothing to compare on: no inputs")
    fidelity_of(origin.plan.task, host)
    with tempfile.TemporaryDirectory(prefix="hub-answers-") as folder:
        kept = Reference(origin, inputs, list(labels)[: len(inputs)], Path(folder), host, effort)
        kept.take()
        yield kept


def compare(
    origin: Subject,
    candidate: Subject,
    inputs: Sequence[Any],  # Any: of the kinds that the task takes
    *,
    host: Host,
    effort: Effort | None = None,
) -> Comparison:
    """What one changed model lost against its origin. For several, take a `reference` once."""
    with reference(origin, inputs, host=host, effort=effort) as kept:
        return kept.compare(candidate)


def _answers(
    opened: Opened, inputs: Sequence[Any], options: dict[str, OptionValue]
) -> Iterator[list[Any]]:  # Any: what `Model.evaluate` gives
    generates = opened.subject.plan.verb in {"generate", "chat"}
    step = 1 if generates else _CHUNK
    for start in range(0, len(inputs), step):
        yield opened.evaluate(inputs[start : start + step], options)
