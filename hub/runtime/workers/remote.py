"""A model in a process of its own: the same answers, but it can always be stopped and surely gives its memory back.

A call that finds the process gone starts a new one. Knows nothing of how requests travel: that is
`hub.runtime.workers.process`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from hub.errors import Cancelled, SessionClosed
from hub.runtime.protocols import Emit, Stream
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.sessions.order import Order, Outcome
from hub.runtime.sessions.relay import Relay, silent
from hub.runtime.workers.inbox import Inbox
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
            return self._answer(process, Ask(next(self._numbers), inputs, options), emit, cancel or Cancel())
        finally:
            self._over()

    def begin(self, orders: Sequence[Order]) -> None:
        """Let calls begin, together; who is told of them is told by the thread that reads for all.

        Raises
        ------
        WorkerDied
            The process had ended, and a new one does not start.
        """
        with self._changed:
            process = self._live()
            self._running += len(orders)
        followed = [
            (Ask(next(self._numbers), order.inputs, order.options), Following(process, order, self._name, self._over))
            for order in orders
        ]
        process.ask(followed)
        for ask, following in followed:
            following.heed(ask.number)

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

    def _over(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def _answer(self, process: WorkerProcess, ask: Ask, emit: Emit, cancel: Cancel) -> list[Any]:
        relay, inbox = Relay(emit, len(ask.inputs), self._name), Inbox()
        process.ask([(ask, inbox)])
        end = partial(process.end, ask.number)
        cancel.heed(end)
        try:
            while isinstance(message := inbox.get(), Piece):
                if relay(message.delta):
                    process.end(ask.number, keep=True)
        except BaseException:  # Ctrl-C while waiting
            process.end(ask.number)
            raise
        finally:
            cancel.ignore(end)
        return _results(message, relay, cancel)


class Following:
    """Follows a call for who is told of it.

    Parameters
    ----------
    over
        Called when it has ended, before `ended` of the order is.
    """

    def __init__(self, process: WorkerProcess, order: Order, name: str, over: Callable[[], None]) -> None:
        self._process = process
        self._order = order
        self._over = over
        self.ring = order.ring
        self._relay = Relay(order.emit, len(order.inputs), name)
        self._end: Callable[[], None] | None = None

    def heed(self, number: int) -> None:
        """Have the call ended when nobody wants it any more."""
        self._end = partial(self._process.end, number)
        self._order.cancel.heed(self._end)

    def piece(self, piece: Piece) -> None:
        """It goes on."""
        if self._relay(piece.delta):
            self._process.end(piece.number, keep=True)

    def end(self, message: Answer | Failure) -> None:
        """It has ended."""
        if self._end is not None:
            self._order.cancel.ignore(self._end)
        self._over()
        outcome: Outcome
        try:
            outcome = _results(message, self._relay, self._order.cancel)
        except BaseException as error:
            outcome = error
        self._order.ended(outcome)


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
        inbox = Inbox()
        self._process.ask([(ask, inbox)])
        message = inbox.get()
        assert not isinstance(message, Piece)
        return _results(message)


def _results(message: Answer | Failure, relay: Relay | None = None, cancel: Cancel | None = None) -> list[Any]:
    if relay is not None and relay.failure is not None:
        raise relay.failure
    if isinstance(message, Answer):
        return message.results
    if message.trace:
        raise message.error from RemoteTraceback(message.trace)
    if (relay is not None and relay.stopped) or (cancel is not None and cancel.is_set()):
        raise Cancelled("the request was cancelled; it did not stop by itself, so its process was ended")
    raise message.error
