"""Takes size, load time, memory and speed of subjects, in turn. Knows nothing of fidelity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hub.errors import HubError, UsageError
from hub.runtime.measure.effort import Effort
from hub.runtime.measure.figures import Figures, Sample, combined
from hub.runtime.measure.subject import Opened, Subject, call_options

if TYPE_CHECKING:
    from hub.plugin.host import Host

__all__ = ["measure", "measure_in_turn"]


def measure(
    subject: Subject,
    inputs: Sequence[Any],  # Any: of the kinds that the task takes
    *,
    host: Host,
    effort: Effort | None = None,
) -> Figures:
    """Figures of one subject.

    Raises
    ------
    HubError
        It could not be opened or could not answer.
    """
    [found] = measure_in_turn([subject], inputs, host=host, effort=effort)
    if isinstance(found, HubError):
        raise found
    return found


def measure_in_turn(
    subjects: Sequence[Subject],
    inputs: Sequence[Any],  # Any: of the kinds that the task takes
    *,
    host: Host,
    effort: Effort | None = None,
    tell: Callable[[int, int], None] = lambda _index, _round: None,
) -> list[Figures | HubError]:
    """Figures of subjects on the same inputs; one that fails leaves its error in its place and the rest go on.

    Each round opens each subject once, in a fresh process and alone: what slows the machine for a while falls on all.

    Parameters
    ----------
    tell
        Told the place of the subject and the round, each from 0, before it begins.

    Raises
    ------
    UsageError
        There are no inputs.
    """
    effort = effort or Effort()
    if not inputs:
        raise UsageError("there is nothing to measure on: no inputs")
    samples: list[list[Sample]] = [[] for _ in subjects]
    failed: dict[int, HubError] = {}
    for turn in range(effort.rounds):
        for index, subject in enumerate(subjects):
            if index in failed:
                continue
            tell(index, turn)
            try:
                samples[index].append(_round(subject, inputs, host, effort))
            except HubError as error:
                failed[index] = error
    return [
        failed[index] if index in failed else combined(samples[index], subject.size)
        for index, subject in enumerate(subjects)
    ]


def _round(subject: Subject, inputs: Sequence[Any], host: Host, effort: Effort) -> Sample:
    options = call_options(subject.plan, host, effort)
    with Opened(subject) as opened:
        return opened.time(inputs, options, effort)
