"""Lets so many calls in at once, in the order in which they came, and waits for them before it closes.

Knows nothing of sessions: it counts calls and runs one function when the last one has left.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType

from hub.errors import SessionClosed, UsageError
from hub.runtime.sessions.cancel import Cancel, current

__all__ = ["Gate"]


class Gate:
    """A fair semaphore that can be closed.

    Parameters
    ----------
    limit
        Calls that may be inside at once.
    name
        What is behind the gate, for messages.
    on_close
        Called once, when nobody is inside any more.
    """

    def __init__(self, limit: int, name: str, on_close: Callable[[], None]) -> None:
        self._limit = limit
        self._name = name
        self._on_close = on_close
        self._lock = threading.Condition()
        self._inside: list[int] = []
        self._queue: deque[object] = deque()
        self._closing = False
        self._ended = threading.Event()
        self._ending = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closing

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._lock:
            self._refuse_closed()
            if not self._queue and len(self._inside) < self._limit:  # nobody waits: no turn to take
                cancel = current()
                if cancel is not None:
                    cancel.check()
                self._inside.append(me)
                return
            ticket = object()
            if me in self._inside and len(self._inside) >= self._limit:
                raise UsageError(f"{self._name} was called from inside its own callback, where it waits for itself")
            self._queue.append(ticket)
            try:
                self._wait(ticket)
                self._inside.append(me)
            finally:
                self._queue.remove(ticket)
                self._lock.notify_all()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside.remove(threading.get_ident())
            if self._queue:
                self._lock.notify_all()
            last = self._closing and not self._inside and not self._ending
            self._ending = self._ending or last
        if last:
            self._end()

    def close(self) -> None:
        """Refuse new calls and those that wait, let the running ones end, then call `on_close`.

        A second call waits for the first and does nothing. Called from inside (by a callback), it returns at once and
        the last call to leave does the rest.
        """
        with self._lock:
            self._closing = True
            self._lock.notify_all()
            if threading.get_ident() in self._inside:
                return
            first = not self._inside and not self._ending
            self._ending = self._ending or first
        if first:
            self._end()
        else:
            self._ended.wait()

    def _end(self) -> None:
        try:
            self._on_close()
        finally:
            self._ended.set()

    def _wait(self, ticket: object) -> None:
        cancel = current() or Cancel()
        cancel.heed(self._wake)
        try:
            self._lock.wait_for(lambda: self._closing or cancel.is_set() or self._turn(ticket))
        finally:
            cancel.ignore(self._wake)
        self._refuse_closed()
        cancel.check()

    def _wake(self) -> None:
        with self._lock:
            self._lock.notify_all()

    def _turn(self, ticket: object) -> bool:
        return self._queue[0] is ticket and len(self._inside) < self._limit

    def _refuse_closed(self) -> None:
        if self._closing:
            raise SessionClosed(f"{self._name} is closed", hint="Load the model again")
