"""Threads that run one call after another: a call borrows one that is idle, and gives it back.

A native runtime keeps things for each thread that calls it (its team of OpenMP threads, its arena of the allocator),
and would make them again for every call of a new thread. Knows nothing of what the calls do.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

__all__ = ["Borrowed", "borrow"]

_PATIENCE = 10.0
"""Seconds that an idle thread waits for the next call before it ends."""

_idle: list[_Lent] = []  # each of the list's own methods that are used here is one step, so that no lock is needed


class Borrowed:
    """A call that runs, or has run, in a borrowed thread."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call
        self._done = threading.Event()

    def run(self) -> None:
        """Call, and say that it is over, whatever it raises."""
        call, self._call = self._call, None  # what it was given is let go when it is over
        assert call is not None
        try:
            call()
        finally:
            del call
            self._done.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the call is over."""
        self._done.wait(timeout)


class _Lent:
    """A daemon thread and the place where its next call is put."""

    def __init__(self) -> None:
        self._next: SimpleQueue[Borrowed] = SimpleQueue()
        threading.Thread(target=self._serve, name="hub-call", daemon=True).start()

    def take(self, work: Borrowed) -> None:
        self._next.put(work)

    def _serve(self) -> None:
        while True:
            try:
                work = self._next.get(timeout=_PATIENCE)
            except Empty:
                try:
                    _idle.remove(self)
                except ValueError:  # it was lent in this very moment: the call is on its way
                    continue
                return
            work.run()
            del work
            _idle.append(self)


def borrow(call: Callable[[], None]) -> Borrowed:
    """Run a call in an idle thread, or in a new one if there is none. What it raises is lost: it must not raise."""
    work = Borrowed(call)
    try:
        lent = _idle.pop()
    except IndexError:
        lent = _Lent()
    lent.take(work)
    return work


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a fork takes along the one thread that forks
