"""What is measured: weights on this disk and the plan that opens them, opened in a fresh process.

Knows nothing of figures.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from hub.errors import PluginMissing
from hub.runtime.measure.child import Evaluate, Time
from hub.runtime.measure.effort import Effort
from hub.runtime.measure.figures import Sample
from hub.runtime.options import resolve_options
from hub.runtime.workers.inbox import Inbox
from hub.runtime.workers.process import WorkerProcess
from hub.runtime.workers.wire import Answer, Ask, Failure, Open, RemoteTraceback
from hub.types import Artifact, OptionValue

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.planning.plan import Plan

__all__ = ["Opened", "Subject", "call_options"]

_MODULE = "hub.runtime.measure.child"
_ASKED: dict[str, OptionValue] = {"truncate": True, "temperature": 0.0}
"""Call options of a measure, where a model plugin has them: data may be long, and nothing is left to chance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A plan whose weights are on this disk, as `hub.runtime.transforms.ready.make_ready` gives both."""

    plan: Plan
    artifact: Artifact

    @property
    def size(self) -> int:
        """Bytes of the weights that are opened; tokenizer and other assets do not count."""
        weights = {path for paths in self.plan.facts.parts.values() for path in paths}
        return sum(file.size or 0 for file in self.artifact.files if file.path in weights)


def call_options(plan: Plan, host: Host, effort: Effort) -> dict[str, OptionValue]:
    """Call options of the plan's model plugin for a measure.

    Raises
    ------
    PluginMissing
        The model plugin is not installed any more.
    """
    if plan.model_plugin not in host.models:
        raise PluginMissing(
            f"model plugin '{plan.model_plugin}', which the plan chose, is not installed or is switched off",
            hint="See: hub plugin list",
        )
    spec = host.models[plan.model_plugin].spec
    wanted = {**_ASKED, "max_tokens": effort.max_tokens}
    named = {option.name for option in spec.options}
    given = {name: value for name, value in wanted.items() if name in named}
    if plan.verb == "embed":
        given.pop("truncate", None)  # that runtime owns the tokenizer
    return resolve_options(spec.options, given, f"{plan.task} of '{spec.id}'")


class Opened:
    """A subject that is open in a process of its own. Use it in a `with` block: the process ends with it.

    Raises
    ------
    HubError
        As opening the model raised it.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._numbers = itertools.count(1)
        self._process = WorkerProcess(f"the process that measures '{subject.plan.model}'", _MODULE)
        self._process.open(Open(subject.plan, subject.artifact))

    def time(
        self,
        inputs: Sequence[Any],  # Any: of the kinds that the task takes
        options: dict[str, OptionValue],
        effort: Effort,
    ) -> Sample:
        """Time calls on these inputs, one batch size after the other."""
        batches = effort.batches_for(self.subject.plan.verb)
        [sample] = self._ask(Time(next(self._numbers), inputs, options, batches, effort))
        assert isinstance(sample, Sample)
        return sample

    def evaluate(self, inputs: Sequence[Any], options: dict[str, OptionValue]) -> list[Any]:  # Any: as above
        """What fidelity is measured on, one for each input."""
        return self._ask(Evaluate(next(self._numbers), inputs, options))

    def _ask(self, ask: Ask) -> list[Any]:
        inbox = Inbox()
        self._process.ask([(ask, inbox)])
        message = inbox.get()
        if isinstance(message, Failure):
            raise message.error from (RemoteTraceback(message.trace) if message.trace else None)
        assert isinstance(message, Answer)
        return message.results

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def __enter__(self) -> Opened:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._process.kill()
