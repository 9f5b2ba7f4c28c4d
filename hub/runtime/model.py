"""The handle that `hub.load` gives: inputs in, results out, from any thread, until it is closed.

Knows nothing of where the model runs: an engine answers, in this process or in a worker.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from hub.errors import SessionClosed, UsageError
from hub.plugin.specs import ModelSpec, TaskSpec
from hub.runtime.kinds.answered import Answered, answer_each
from hub.runtime.kinds.listening import Listener
from hub.runtime.kinds.reading import Reader
from hub.runtime.options import resolve_options
from hub.runtime.protocols import Emit, Stream
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.sessions.inputs import as_batch, as_results
from hub.runtime.sessions.order import Order, Outcome
from hub.runtime.sessions.stream import Pieces, interruptible
from hub.types import OptionValue

if TYPE_CHECKING:
    from hub.runtime.kinds.codecs import Codecs
    from hub.runtime.planning.plan import Plan

__all__ = ["Engine", "LoadedModel"]


class Engine(Protocol):
    """What answers behind a `LoadedModel`."""

    def infer(
        self,
        inputs: Sequence[Any],  # Any: of the kinds that the task declares
        options: Mapping[str, OptionValue],
        emit: Emit = ...,
        cancel: Cancel | None = None,
    ) -> list[Any]:
        """Answer each input, in order."""

    def begin(self, orders: Sequence[Order]) -> None:
        """Let calls begin, together."""

    def listen(self, options: Mapping[str, OptionValue]) -> Stream:
        """Open a stream of input."""

    def close(self) -> None:
        """Let the running calls end and give the memory back. May be called again."""


class LoadedModel:
    """A model that is ready to answer.

    Use it in a `with` block or call `close()`: that gives the memory back. Safe from several threads; calls beyond
    what the backend takes at once wait for their turn, in order.

    Attributes
    ----------
    plan
        What was chosen: variant, backend, device, options, and what was rejected.
    task
        Hugging Face name of the task.
    """

    def __init__(
        self, plan: Plan, engine: Engine, spec: ModelSpec, task: TaskSpec, codecs: Codecs | None = None
    ) -> None:
        self.plan = plan
        self.task = plan.task
        self._engine = engine
        self._spec = spec
        self._kinds = task
        self._reader = Reader(task, codecs)
        self._lock = Lock()
        self._streams: weakref.WeakSet[Pieces[list[Any]]] = weakref.WeakSet()
        self._closed = False
        weakref.finalize(self, engine.close).atexit = False

    def infer(self, inputs: Any, **options: object) -> Any:  # Any: of the kinds that the task declares
        """Answer one input, or a list of inputs in order.

        Parameters
        ----------
        inputs
            One input of the task, or a list of them. For `text-generation` an input is a text, or a conversation: a
            list of `{"role": …, "content": …}`, which counts as one input. A picture or a sound is a path, bytes, a
            binary stream, or an array (of samples: a pair of array and rate).
        **options
            Call options of the model plugin, such as `max_tokens` or `normalize`; see `LoadedModel.options`.

        Returns
        -------
        One result for one input, a list for a list. `text-generation`: a dict with `generated_text`, `finish_reason`,
        `prompt_tokens` and `generated_tokens`; `tool_calls` where functions are called, and `logprobs` where they are
        wanted. `feature-extraction`: a float32 array (dim,), and for a list one array
        (n, dim).

        Raises
        ------
        OptionError, InputError, ContextOverflow
            The call was wrong.
        SessionClosed
            After `close()`.
        InferenceError
            The runtime failed.
        """
        self._refuse_closed()
        resolved = self._resolve(options)
        batch, single = as_batch(inputs, self._kinds.inputs, media=self._reader.media)
        results = [result for read in self._reader.batches(batch) for result in self._infer(read, resolved)]
        return as_results(results, single=single, kinds=self._kinds.outputs)

    def each(self, inputs: Iterable[object], **options: object) -> Iterator[Answered]:
        """Answer inputs one after the other as they are asked for, in batches that memory takes well.

        An input that cannot be read or answered does not end the others: its `Answered` holds the error. So a folder
        of pictures, of which some are broken, takes one call.

        Yields
        ------
        Answered
            One for each input, in order.

        Raises
        ------
        OptionError, SessionClosed, InferenceError
            As `infer`; only an `InputError` or `ContextOverflow` belongs to one input.
        """
        self._refuse_closed()
        resolved = self._resolve(options)
        return answer_each(inputs, self._reader, lambda batch: self._infer(batch, resolved))

    def listen(self, **options: object) -> Listener:
        """Open a stream of input, for a model that takes it in pieces, such as sound from a microphone.

        Returns
        -------
        Listener
            `push(chunk)` gives what became certain, `finish()` what is left. A chunk is what one input is.

        Raises
        ------
        UsageError
            The model takes whole inputs alone.
        """
        self._refuse_closed()
        resolved = self._resolve(options)
        return Listener(self._engine.listen(resolved), self._reader)

    def stream(self, input: Any, **options: object) -> Pieces[Any]:  # noqa: A002 - Any: as in infer
        """Answer one input piece by piece.

        Returns
        -------
        Pieces
            Iterates over pieces of text as they are generated; `result` holds the whole answer afterwards. Leaving
            the loop and dropping it, or `close()`, stops the generation.

        Raises
        ------
        UsageError
            The task does not answer with text, or a list of inputs was given.
        """
        self._refuse_closed()
        if self._kinds.outputs[:1] != ("text",):
            raise UsageError(f"{self.task} does not answer piece by piece", hint="Use infer()")
        resolved = self._resolve(options)
        batch, single = as_batch(input, self._kinds.inputs, media=self._reader.media)
        if not single:
            raise UsageError("stream() takes one input, and was given a list", hint="Use infer(), or one stream each")
        batch = [self._reader.read(given) for given in batch]

        def call(emit: Emit, cancel: Cancel) -> Any:  # Any: the task's output kind
            return engine.infer(batch, resolved, emit, cancel)[0]

        engine = self._engine
        with self._lock:
            self._refuse_closed()
            pieces: Pieces[Any] = Pieces(call, owner=self)
            self._streams.add(pieces)
        return pieces

    def begin(self, orders: Sequence[Order]) -> None:
        """Let calls begin, together, and wait for none of them.

        For who serves others: inputs are not read here but where the model runs, so that a broken file of a stranger
        is decoded there.

        Raises
        ------
        SessionClosed
            After `close`.
        WorkerDied
            The process of the model had ended, and a new one does not start.
        """
        self._refuse_closed()
        self._engine.begin([replace(order, ended=partial(self._answered, order.ended)) for order in orders])

    @property
    def kinds(self) -> TaskSpec:
        """The task: what goes in and what comes out."""
        return self._kinds

    @property
    def pid(self) -> int | None:
        """Id of the process that the model runs in, where that is another one."""
        return getattr(self._engine, "pid", None)

    @property
    def options(self) -> dict[str, OptionValue]:
        """Call options that `infer` and `stream` take, with their defaults."""
        return self._resolve({})

    def close(self) -> None:
        """Stop the streams, let the other calls end, and give the memory back. May be called again."""
        with self._lock:
            self._closed = True
            streams = list(self._streams)
        for pieces in streams:
            pieces.close()
        self._engine.close()

    def __enter__(self) -> LoadedModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        plan = self.plan
        name = f"{plan.model}:{plan.variant}" if plan.variant else plan.model
        state = " · closed" if self._closed else ""
        return f"<LoadedModel {name} · {self.task} · {plan.backend} on {plan.device}{state}>"

    def _answered(self, told: Callable[[Outcome], None], outcome: Outcome) -> None:
        if isinstance(outcome, list):
            try:
                outcome = [self._reader.answer(result) for result in outcome]
            except Exception as error:
                outcome = error
        told(outcome)

    def _infer(self, batch: list[Any], options: dict[str, OptionValue]) -> list[Any]:  # Any: as in infer
        self._refuse_closed()
        engine = self._engine
        results = interruptible(lambda emit, cancel: engine.infer(batch, options, emit, cancel)) if batch else []
        return [self._reader.answer(result) for result in results]

    def _resolve(self, options: Mapping[str, object]) -> dict[str, OptionValue]:
        return resolve_options(self._spec.options, options, f"{self.task} of '{self._spec.id}'")

    def _refuse_closed(self) -> None:
        if self._closed:
            raise SessionClosed(
                f"model '{self.plan.model}' is closed", hint=f"Load it again: hub.load({self.plan.reference!r})"
            )
