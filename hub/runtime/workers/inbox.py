"""Where what comes of a request goes: to a taker, or into an inbox for a thread that waits."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

from hub.runtime.sessions.order import nothing
from hub.runtime.workers.wire import Answer, Failure, Piece

__all__ = ["Inbox", "Taker"]


class Taker(Protocol):
    """Takes what comes of a request, from the thread that reads for all requests: it must not wait, nor raise."""

    @property
    def ring(self) -> Callable[[], None]:
        """To be called after pieces that came together: once for takers that have the same."""

    def piece(self, piece: Piece, /) -> None:
        """It goes on."""

    def end(self, message: Answer | Failure, /) -> None:
        """It is done, or failed."""


class Inbox:
    """Keeps what comes of a request for a thread that waits."""

    ring = staticmethod(nothing)

    def __init__(self) -> None:
        messages: SimpleQueue[Piece | Answer | Failure] = SimpleQueue()
        self.piece = self.end = messages.put
        self.get = messages.get
