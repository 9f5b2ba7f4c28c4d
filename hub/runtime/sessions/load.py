"""Opens what a plan chose: the backend's session for each part, guarded, and the model plugin over them.

Knows nothing of how the plan was made or where the weights came from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from hub.errors import PluginBroken, PluginMissing, SessionClosed
from hub.runtime.kinds.codecs import Codecs
from hub.runtime.kinds.reading import Reader
from hub.runtime.protocols import Delta, Emit, Model, OpenRequest, Session, Stream
from hub.runtime.sessions.architecture import architecture_of
from hub.runtime.sessions.cancel import Cancel, cancellable
from hub.runtime.sessions.guard import guard
from hub.runtime.sessions.listening import Guarded
from hub.runtime.sessions.order import Order, begin_each
from hub.runtime.sessions.reclaim import reclaim
from hub.runtime.sessions.relay import Relay, foreign, silent
from hub.types import Artifact, OptionValue

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided
    from hub.runtime.planning.plan import Plan

__all__ = ["OpenedModel", "open_part", "open_plan"]

S = TypeVar("S")


class OpenedModel:
    """A model plugin over its open sessions, in this process. Safe from several threads."""

    def __init__(self, plan: Plan, model: Model, parts: Mapping[str, Session], reader: Reader | None = None) -> None:
        self.plan = plan
        self._model: Model | None = model
        self._parts = dict(parts)
        self._reader = reader
        self._name = f"model plugin '{plan.model_plugin}'"
        self._lock = Lock()

    def infer(
        self,
        inputs: Sequence[Any],  # Any: of the kinds that the task declares
        options: Mapping[str, OptionValue],
        emit: Emit = silent,
        cancel: Cancel | None = None,
    ) -> list[Any]:
        """Answer each input, in order.

        Raises
        ------
        SessionClosed
            After `close`.
        Cancelled
            `cancel` was set; noticed while it waits for its turn, or when the runtime next calls back.
        PluginBroken
            The model plugin did not give one result for each input.
        """
        model = self._live()
        relay = Relay(_heeding(emit, cancel), len(inputs), self._name)
        read = self._read(inputs)
        with cancellable(cancel), relay.calling():
            results = model.infer(read, options, relay)
        return self._checked(results, inputs)

    def begin(self, orders: Sequence[Order]) -> None:
        """Let calls begin, each in a thread that it borrows."""
        begin_each(self.infer, orders)

    def evaluate(
        self,
        inputs: Sequence[Any],  # Any: of the kinds that the task declares
        options: Mapping[str, OptionValue],
    ) -> list[Any]:
        """What fidelity is measured on, one for each input."""
        model, read = self._live(), self._read(inputs)
        with foreign(self._name):
            results = model.evaluate(read, options)
        return self._checked(results, inputs)

    def listen(self, options: Mapping[str, OptionValue]) -> Stream:
        """Open a stream of input.

        Raises
        ------
        UsageError
            The model plugin takes whole inputs alone.
        """
        model = self._live()
        with foreign(self._name):
            return Guarded(model.stream(options), self._name)

    def close(self) -> None:
        """Let the running calls end, close every part, and give the memory back. May be called again."""
        self._model = None
        try:
            with ExitStack() as stack:
                for session in self._parts.values():
                    stack.callback(session.close)
        finally:
            with self._lock:
                self._parts.clear()
            reclaim()

    def _live(self) -> Model:
        if self._model is None:
            raise SessionClosed(f"model '{self.plan.model}' is closed", hint="Load it again: hub.load(…)")
        return self._model

    def _read(self, inputs: Sequence[Any]) -> Sequence[Any]:  # Any: as above
        """Inputs by their kind: who measures or calibrates gives paths; what is read already stays as it is."""
        return inputs if self._reader is None else [self._reader.read(given) for given in inputs]

    def _checked(self, results: object, inputs: Sequence[object]) -> list[Any]:  # Any: as above
        if not isinstance(results, list) or len(results) != len(inputs):
            count = len(results) if isinstance(results, list) else type(results).__name__
            raise PluginBroken(f"{self._name} gave {count} results for {len(inputs)} inputs")
        return results


def open_plan(plan: Plan, artifact: Artifact, host: Host) -> OpenedModel:
    """Open every part of an artifact as the plan says, and the model plugin over them.

    Raises
    ------
    PluginMissing, PluginBroken
        What the plan names is not installed any more, or cannot be imported.
    InferenceError
        The runtime could not open a part; the parts that were open are closed.
    """
    provided = _named(host.models, plan.model_plugin, "model plugin")
    family = host.resolve(provided, provided.spec.target)
    with ExitStack() as opened:
        parts: dict[str, Session] = {}
        for part in plan.facts.parts:
            parts[part] = open_part(plan, artifact, host, part)
            opened.callback(parts[part].close)
        with foreign(f"model plugin '{plan.model_plugin}'", f"could not open '{plan.model}'"):
            model = family(parts, plan.verb, artifact.path, plan.facts)
        opened.pop_all()
    task = host.tasks.get(plan.task)
    return OpenedModel(plan, model, parts, None if task is None else Reader(task.spec, Codecs(host)))


def open_part(plan: Plan, artifact: Artifact, host: Host, part: str = "") -> Session:
    """Open one part with the plan's backend, behind the guard.

    The environment variables that the backend asks for are set first, for the whole process, because libraries read
    them once, when they load; what the user has set is kept.
    """
    backend = _named(host.backends, plan.backend, "backend")
    for name, value in backend.spec.env.items():
        os.environ.setdefault(name, value)
    opener = host.resolve(backend, backend.spec.target)
    request = OpenRequest(
        path=artifact.path,
        verb=plan.verb,
        device=plan.device,
        facts=plan.facts,
        part=part,
        options=dict(plan.options),
        load_steps={step.step: dict(step.options) for step in plan.load_steps},
        architecture=architecture_of(plan.facts, backend.spec.frameworks, host),
    )
    with foreign(f"backend '{plan.backend}'", f"could not open '{plan.model}'{f' part {part}' if part else ''}"):
        session = opener(request)
    return guard(session, plan.verb, backend=plan.backend)


def _heeding(emit: Emit, cancel: Cancel | None) -> Emit:
    if cancel is None:
        return emit

    def heeding(delta: Delta) -> bool:
        cancel.check()
        return emit(delta)

    return heeding


def _named(specs: Mapping[str, Provided[S]], name: str, kind: str) -> Provided[S]:
    if name not in specs:
        raise PluginMissing(
            f"{kind} '{name}', which the plan chose, is not installed or is switched off", hint="See: hub plugin list"
        )
    return specs[name]
