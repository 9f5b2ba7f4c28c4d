"""The worker process: opens one model and answers what its parent asks, in threads that it borrows.

Leaves at once when the parent is gone. Knows nothing of references, registries or downloads: it is given a plan and
an artifact.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from hub.errors import HubError
from hub.plugin.host import get_host
from hub.runtime.protocols import Delta, Emit, Stream
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.sessions.load import OpenedModel, open_plan
from hub.runtime.sessions.threads import borrow
from hub.runtime.workers.outbox import Outbox
from hub.runtime.workers.waking import wake_at_once, wake_in_turn
from hub.runtime.workers.wire import (
    Answer,
    Ask,
    Beat,
    Cancelling,
    Close,
    Failure,
    Listen,
    Logged,
    Open,
    Piece,
    Ready,
    portable,
)

__all__ = ["Worker", "main", "serve"]


class Forwarded(logging.Handler):
    """Tells the parent what plugins log, because nobody sees this process's output."""

    def __init__(self, send: Callable[[object], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send the text alone: arguments need not pickle."""
        try:
            self._tell(Logged(record.name, record.levelno, record.getMessage()))
        except Exception:
            self.handleError(record)


class Request:
    """A request that runs: how it may be ended."""

    def __init__(self) -> None:
        self.cancel = Cancel()
        self.stop = False
        self.began = False


class Worker:
    """One model and its requests."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._outbox = Outbox(connection)
        self._requests: dict[int, Request] = {}
        self._model: OpenedModel | None = None
        self._streams: dict[int, Stream] = {}
        self.closing = threading.Event()
        logging.getLogger().addHandler(Forwarded(self._outbox.send))
        logging.captureWarnings(True)

    def open(self, order: Open) -> bool:
        """Open the model and say so, or say why not."""
        try:
            self._model = open_plan(order.plan, order.artifact, get_host())
        except Exception as error:
            self._outbox.send(Failure(0, *portable(error)))
            return False
        self._outbox.send(Ready())
        return True

    def listen(self) -> None:
        """Take orders until the parent is gone; then leave, whatever runs."""
        try:
            while True:
                self._take(self._connection.recv())
        except (EOFError, OSError):
            os._exit(1)

    def work(self, ask: Ask, emit: Emit, cancel: Cancel) -> Sequence[Any]:  # Any: the task's output kind
        """Do what was asked for."""
        assert self._model is not None
        if isinstance(ask, Listen):
            return self._listened(ask, self._model)
        return self._model.infer(ask.inputs, ask.options, emit, cancel)

    def close(self) -> None:
        """Close the model when its requests have ended."""
        if self._model is not None:
            self._model.close()

    def _listened(self, ask: Listen, model: OpenedModel) -> list[Any]:  # Any: partial results of the task
        if ask.act == "open":
            self._streams[ask.stream] = model.listen(ask.options)
            return []
        if ask.act == "push":
            return self._streams[ask.stream].push(ask.inputs[0])
        return self._streams.pop(ask.stream).finish()

    def _take(self, order: object) -> None:
        if isinstance(order, list):
            for ask in order:
                self._requests[ask.number] = Request()
                borrow(partial(self._answer, ask))
        elif isinstance(order, Cancelling):
            request = self._requests.get(order.number)
            if request is not None and order.keep:
                request.stop = True
            elif request is not None:
                request.cancel.set()
        elif isinstance(order, Beat):
            self._outbox.send(order)
        elif isinstance(order, Close):
            self.closing.set()

    def _answer(self, ask: Ask) -> None:
        request = self._requests[ask.number]
        thread, in_turn = threading.get_ident(), False

        def emit(delta: Delta) -> bool:
            nonlocal in_turn
            if not request.stop:
                first, request.began = not request.began, True
                self._outbox.add(Piece(ask.number, delta), first=first, running=len(self._requests))
                if first and threading.get_ident() == thread:  # and not one of the runtime's, which computes
                    in_turn = wake_in_turn()
            return request.stop

        try:
            self._outbox.send(Answer(ask.number, list(self.work(ask, emit, request.cancel))))
        except BaseException as error:  # SystemExit of a plugin too: the parent waits for an answer
            self._outbox.send(Failure(ask.number, *portable(error)))
        finally:
            del self._requests[ask.number]
            if in_turn:  # the thread is borrowed
                wake_at_once()


def main(descriptor: int) -> None:
    """Serve the parent at the other end of a socket."""
    serve(descriptor, Worker)


def serve(descriptor: int, kind: type[Worker]) -> None:
    """Serve the parent at the other end of a socket, with a worker of this kind.

    Raises
    ------
    HubError
        The parent spoke out of turn.
    """
    connection = Connection(descriptor)
    order = connection.recv()
    if not isinstance(order, Open):
        raise HubError(f"the first order is {type(order).__name__} and not Open")
    worker = kind(connection)
    threading.Thread(target=worker.listen, daemon=True).start()
    if worker.open(order):
        worker.closing.wait()
        worker.close()
