"""Lets other threads have the interpreter between two steps of a batch.

GenAI computes a step without giving the interpreter free (the binding of `step` in openvino-genai 2026.4.1 holds the
GIL). Who wants in meanwhile, or has tokens to pass on, can do so between two steps alone, and those follow each other
at once.
Knows nothing of what the threads do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import partial

__all__ = ["Errands"]

_MOMENT = 0.0005
"""Seconds in which a thread that has waited for the interpreter says what it is about."""
_PATIENCE = 0.05
"""Seconds after which a step does not wait any more for a thread that is slow."""


class Errands:
    """What threads have to do before the next step. Each is named, and waited for once where it is slow."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: set[Hashable] = set()
        self._late: set[Hashable] = set()
        self._begun = 0

    def begin(self, name: Hashable) -> None:
        """The next step waits until this is done."""
        with self._changed:
            self._begun += 1
            if name not in self._late:
                self._open.add(name)

    def end(self, name: Hashable) -> None:
        """It is done."""
        with self._changed:
            self._late.discard(name)
            self._open.discard(name)
            if not self._open:
                self._changed.notify()

    @contextmanager
    def errand(self) -> Iterator[None]:
        """One that begins and ends here."""
        name = object()
        self.begin(name)
        try:
            yield
        finally:
            self.end(name)

    def wait(self, *, room: bool) -> None:
        """Let all others do what they have to.

        Parameters
        ----------
        room
            Whether somebody may join: then those are waited for too who have not begun, as long as some come.
        """
        until = time.monotonic() + _PATIENCE
        with self._changed:
            while True:
                before = self._begun
                if room:
                    self._changed.wait_for(partial(self._has_begun, before), _MOMENT)
                left = max(0.0, until - time.monotonic())
                if not self._changed.wait_for(lambda: not self._open, left):
                    self._late |= self._open
                    self._open.clear()
                if not room or self._begun == before or not left:
                    return

    def _has_begun(self, before: int) -> bool:
        return self._begun != before
