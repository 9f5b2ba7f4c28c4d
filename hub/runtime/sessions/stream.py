"""Turns push into pull: runs a call in another thread and iterates over what it pushes.

Knows nothing of models: the call is a function that takes an `emit`.
"""

from __future__ import annotations

import atexit
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from functools import cache, partial
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from hub.runtime.protocols import Delta, Emit
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.sessions.relay import silent
from hub.runtime.sessions.threads import Borrowed, borrow

__all__ = ["Pieces", "interruptible"]

T = TypeVar("T")
AHEAD = 64
"""Deltas that a call may be ahead of the one who reads them."""


class Channel(Generic[T]):
    """Between the thread that pushes and the one that pulls: bounded, and either side can leave."""

    def __init__(self) -> None:
        self.cancel = Cancel()
        self.result: T | None = None
        self.failure: BaseException | None = None
        self.finished = False
        self._changed = threading.Condition()
        self._deltas: deque[Delta] = deque()

    def push(self, delta: Delta) -> bool:
        """Hand over a delta, waiting while the reader is too far behind; `True` if nobody reads any more."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._deltas) < AHEAD or self.cancel.is_set())
            if self.cancel.is_set():
                return True
            self._deltas.append(delta)
            self._changed.notify_all()
            return False

    def pull(self) -> Delta | None:
        """Next delta; `None` at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._deltas or self.finished or self.cancel.is_set())
            if self.cancel.is_set() or not self._deltas:
                return None
            delta = self._deltas.popleft()
            self._changed.notify_all()
            return delta

    def stop(self) -> None:
        """Nobody reads any more."""
        self.cancel.set()
        with self._changed:
            self._deltas.clear()
            self._changed.notify_all()

    def answer(self, call: Callable[[Emit, Cancel], T]) -> None:
        """Run the call to its end and keep what it gives or raises."""
        try:
            self.result = call(self.push, self.cancel)
        except BaseException as error:
            self.failure = error
        with self._changed:
            self.finished = True
            self._changed.notify_all()


_running: weakref.WeakKeyDictionary[Borrowed, Channel[Any]] = weakref.WeakKeyDictionary()  # Any: of every kind


class Pieces(Iterator[str], Generic[T]):
    """Pieces of text of an answer, as they come.

    Leaving early (`close`, the end of a `with` block, or dropping the last reference) stops the generation; what it
    has begun to compute ends in the background. What the call raises is raised by `next`.

    Attributes
    ----------
    result
        The whole answer, once the pieces are exhausted; `None` before, and after leaving early.
    """

    def __init__(self, call: Callable[[Emit, Cancel], T], owner: object = None) -> None:
        self.result: T | None = None
        self._owner = owner  # kept alive while it answers
        self._channel: Channel[T] = Channel()
        _stop_all_at_exit()
        self._thread = borrow(partial(self._channel.answer, call))
        _running[self._thread] = self._channel

    def __iter__(self) -> Pieces[T]:
        return self

    def __next__(self) -> str:
        channel = self._channel
        try:
            while (delta := channel.pull()) is not None:
                if delta.text:
                    return delta.text
        except BaseException:  # Ctrl-C while waiting for the next piece
            channel.stop()
            raise
        if channel.finished and not channel.cancel.is_set():
            self._thread.join()
            failure, channel.failure = channel.failure, None
            if failure is not None:
                raise failure
            self.result = channel.result
        self._owner = None
        raise StopIteration

    def close(self) -> None:
        """Stop the generation. Pieces that were not read are dropped."""
        self._channel.stop()
        self._owner = None

    def __enter__(self) -> Pieces[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._channel.stop()


def interruptible(call: Callable[[Emit, Cancel], T]) -> T:
    """Answer of a call, which Ctrl-C can stop.

    Python raises `KeyboardInterrupt` in the main thread alone. A native runtime that calls back there can lose it, and
    go on for minutes: so it runs in another thread, and this one waits.
    """
    if threading.current_thread() is not threading.main_thread():
        return call(silent, Cancel())
    pieces: Pieces[T] = Pieces(lambda _, cancel: call(silent, cancel))
    with pieces:
        for _ in pieces:
            pass
        return cast("T", pieces.result)


@cache
def _stop_all_at_exit() -> None:
    """A thread inside a native runtime while the interpreter goes down can end the process with a signal."""
    atexit.register(_stop_all)


def _stop_all() -> None:
    for channel in list(_running.values()):
        channel.stop()
    for thread in list(_running):
        thread.join(timeout=5)
