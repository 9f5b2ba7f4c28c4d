"""A model in a process of its own: the same answers, but it can always be stopped and surely gives its memory back.

A call that finds the process gone starts a new one. Knows nothing of how requests travel: that is
`hub.runtime.workers.process`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hub.errors import Cancelled, SessionClosed
from hub.runtime.protocols import Emit, Stream
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.sessions.relay import Prompt, Relay, silent
from hub.runtime.workers.process import WorkerProcess
from hub.runtime.workers.wire import Answer, Ask, Failure, Listen, Open, Piece, RemoteTraceback
from hub.types import Artifact, OptionValue

if TYPE_CHECKING:
    from hub.runtime.planning.plan import Plan

__all__ = ["RemoteModel"]


class RemoteModel:
    """An engine in a worker process. Safe from several threads.

    Parameters
    ----------
    patience
        Seconds without a sign of life after which the process is ended, and its calls with it; 0 waits for ever.
    """

    def __init__(self, plan: Plan, artifact: Artifact, *, patience: float = 0.0) -> None:
        self.plan = plan
        self._patience = patience
        self._name = f"the worker process of '{plan.model}'"
        self._order = Open(plan, artifact)
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._running = 0
        self._closed = False
        self._process: WorkerProcess | None = self._start()

    @property
    def pid(self) -> int | None:
        """Process id of the worker; `None` once closed."""
        process = self._process
        return process.pid if process is not None else None

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
        WorkerDied
            The process ended in the middle; the next call starts a new one.
        Cancelled
            `cancel` was set. A runtime that does not heed it in time is ended with its process.
        """
        with self._changed:
            process = self._live()
            self._running += 1
        try:
            return self._answer(process, Ask(next(self._numbers), inputs, options), emit, cancel)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def listen(self, options: Mapping[str, OptionValue]) -> Stream:
        """Open a stream of input; it belongs to the process of now, and ends with it."""
        with self._changed:
            process = self._live()
        return RemoteStream(process, options, self._numbers)

    def close(self) -> None:
        """Let the running calls end, then end the process. May be called again."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._running)
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def _live(self) -> WorkerProcess:
        if self._closed:
            raise SessionClosed(f"model '{self.plan.model}' is closed", hint="Load it again: hub.load(…)")
        if self._process is None or not self._process.alive:
            self._process = None
            self._process = self._start()
        return self._process

    def _start(self) -> WorkerProcess:
        process = WorkerProcess(self._name, patience=self._patience)
        process.open(self._order)
        return process

    def _answer(self, process: WorkerProcess, ask: Ask, emit: Emit, cancel: Cancel | None) -> list[Any]:
        relay = Relay(emit, len(ask.inputs), self._name)

        def take(piece: Piece) -> None:
            if relay(piece.delta):
                process.end(ask.number, keep=True)

        inbox = process.ask(ask.number, ask, take if isinstance(emit, Prompt) else None)
        ended = cancel or Cancel()

        def end() -> None:
            process.end(ask.number)

        ended.heed(end)
        try:
            while isinstance(message := inbox.get(), Piece):
                take(message)
        except BaseException:  # Ctrl-C while waiting
            process.end(ask.number)
            raise
        finally:
            ended.ignore(end)
        if relay.failure is not None:
            raise relay.failure
        return _results(message, stopped=relay.stopped or ended.is_set())


class RemoteStream(Stream):
    """A stream of input whose model is in another process."""

    def __init__(self, process: WorkerProcess, options: Mapping[str, OptionValue], numbers: Iterator[int]) -> None:
        self._process = process
        self._options = options
        self._numbers = numbers
        self._stream = next(numbers)
        self._ask("open")

    def push(self, chunk: Any) -> list[Any]:  # Any: as the contract has it
        """Take a piece; give what became certain."""
        return self._ask("push", chunk)

    def finish(self) -> list[Any]:  # Any: as the contract has it
        """End of input; give what is left."""
        return self._ask("finish")

    def _ask(self, act: str, *chunk: object) -> list[Any]:  # Any: as above
        ask = Listen(next(self._numbers), chunk, self._options, self._stream, act)
        message = self._process.ask(ask.number, ask).get()
        assert not isinstance(message, Piece)
        return _results(message, stopped=False)


def _results(message: Answer | Failure, *, stopped: bool) -> list[Any]:
    if isinstance(message, Answer):
        return message.results
    if message.trace:
        raise message.error from RemoteTraceback(message.trace)
    if stopped:
        raise Cancelled("the request was cancelled; it did not stop by itself, so its process was ended")
    raise message.error
