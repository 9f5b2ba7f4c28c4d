"""A wish to end a call early, and the place where a waiting call finds it.

Knows nothing of what is called. A wish is heeded between two calls of a session, while one waits for its turn, and
when the runtime calls back; only ending the process stops a runtime that does none of these.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from hub.errors import Cancelled

__all__ = ["Cancel", "cancellable", "current"]


class Cancel:
    """A wish to end a call early, that one thread states and another heeds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = False
        self._heeders: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        """Whether the call should end."""
        return self._set

    def set(self) -> None:
        """End the call; every heeder is told once."""
        with self._lock:
            self._set = True
            heeders, self._heeders = self._heeders, []
        for heed in heeders:
            heed()

    def heed(self, told: Callable[[], None]) -> None:
        """Have `told` called when the wish is stated; at once if it was."""
        with self._lock:
            if not self._set:
                self._heeders.append(told)
                return
        told()

    def ignore(self, told: Callable[[], None]) -> None:
        """Take back one `heed`."""
        with self._lock:
            if told in self._heeders:
                self._heeders.remove(told)

    def check(self) -> None:
        """Raise `Cancelled` if the wish was stated."""
        if self._set:
            raise Cancelled("the request was cancelled")


_current: ContextVar[Cancel | None] = ContextVar("hub-cancel", default=None)


@contextmanager
def cancellable(cancel: Cancel | None) -> Iterator[None]:
    """What runs inside, in this thread, finds the wish by `current`."""
    token = _current.set(cancel)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Cancel | None:
    """The wish that goes with the running call, if somebody may state one."""
    return _current.get()
