"""One request to a model: what it asks, what has come of it, and how it is given up.

Lives in the event loop; the thread that computes reaches it through `emit` alone. Knows nothing of queues or models.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from hub.errors import Cancelled
from hub.runtime.protocols import Delta
from hub.runtime.sessions.cancel import Cancel
from hub.server.faults import Fault
from hub.types import OptionValue

__all__ = ["Call"]


class Call:
    """A request to a model.

    Attributes
    ----------
    asked, started, first, ended
        When it came, began to be computed, gave its first piece, and ended, by `time.monotonic`; 0 where not yet.
    beats
        Seconds between the pieces of the answer.
    """

    def __init__(
        self,
        inputs: Sequence[Any],  # Any: of the kinds that the task declares
        options: Mapping[str, OptionValue],
        *,
        client: str = "",
        priority: int = 0,
        deadline: float = 600.0,
        told: bool = False,
    ) -> None:
        self.inputs = inputs
        self.options = options
        self.client = client
        self.priority = priority
        self.told = told  # whether somebody wants the pieces
        self.alone = told  # whether it is never part of a batch
        self.cancel = Cancel()
        self.results: list[Any] = []
        self.asked = time.monotonic()
        self.started = self.first = self.ended = 0.0
        self.last = 0.0
        self.beats: list[float] = []
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._coming: deque[Delta] = deque()
        self._deltas: list[Delta] = []
        self._arrived = asyncio.Event()
        self._giving_up: Callable[[Call], None] | None = None
        self._clock = self._loop.call_later(deadline, self._late, deadline)

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._done.done()

    def watched(self, by: Callable[[Call], None]) -> None:
        """Have somebody told when it is given up."""
        self._giving_up = by

    def emit(self, delta: Delta) -> bool:
        """From the thread that computes: something has come, which `take` hands on. `True` if nobody waits any more."""
        if self.cancel.is_set():
            return True
        self._coming.append(delta)
        return False

    def take(self) -> None:
        """In the event loop: hand on what `emit` has brought."""
        some = []
        while self._coming:
            some.append(self._coming.popleft())
        if not some:
            return
        now = time.monotonic()
        if self.first:
            self.beats.extend([(now - self.last) / len(some)] * len(some))
        else:
            self.first = now
            self.beats.extend([0.0] * (len(some) - 1))
        self.last = now
        if self.told and not self._done.done():
            self._deltas.extend(some)
            self._arrived.set()

    def finish(self, results: list[Any] | None, error: BaseException | None = None) -> None:
        """It has ended. Heeded once."""
        if self._done.done():
            return
        self._clock.cancel()
        self.ended = time.monotonic()
        if error is None:
            self.results = results or []
            self._done.set_result(None)
        else:
            self._done.set_exception(error)
            self._done.exception()  # heard by whoever asks; no warning where nobody does
        self._arrived.set()

    def give_up(self, why: BaseException | None = None) -> None:
        """Nobody wants the answer any more: wherever it is, it ends."""
        if self._done.done():
            return
        self.finish(None, why or Cancelled("the request was cancelled"))
        if self._giving_up is not None:
            self._giving_up(self)

    async def answer(self) -> list[Any]:
        """All results; leaving early gives the request up.

        Raises
        ------
        HubError, Fault
            It failed, or took longer than it may.
        """
        try:
            await asyncio.shield(self._done)
        except asyncio.CancelledError:
            self.give_up()
            raise
        return self.results

    async def deltas(self) -> AsyncIterator[list[Delta]]:
        """What has come since the last time, until the end; leaving early gives the request up.

        Raises
        ------
        HubError, Fault
            It failed, or took longer than it may.
        """
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                if self._deltas:
                    some, self._deltas = self._deltas, []
                    yield some
                if self._done.done() and not self._deltas:
                    self._done.result()
                    return
        finally:
            self.give_up()

    def _late(self, deadline: float) -> None:
        self.give_up(Fault(504, "deadline_exceeded", f"the request was not answered within {deadline:g} s"))
