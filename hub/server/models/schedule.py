"""Gives the calls of one model their turns: so many at once, the rest in a fair queue, those alike as one batch.

A batch is answered as one call of the model; where the model refuses it, each of its calls is tried on its own, to
tell which it was. Knows nothing of loading.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Protocol

from hub.errors import HubError, UsageError, WorkerDied
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.sessions.order import Order, Outcome
from hub.runtime.sessions.relay import silent
from hub.runtime.workers.process import DEAF
from hub.server.faults import Fault
from hub.server.models.call import Call
from hub.server.models.fair import FairQueue

__all__ = ["Answering", "Limits", "Schedule"]


class Answering(Protocol):
    """The part of a `LoadedModel` that is used."""

    def begin(self, orders: Sequence[Order]) -> None:
        """Let calls begin, together, and wait for none of them."""


class Limits:
    """How a model is shared: calls at once, calls that wait, calls in a batch, and seconds to wait for more of them."""

    def __init__(self, *, slots: int, queue: int, batch: int = 1, wait: float = 0.0) -> None:
        self.slots = slots
        self.queue = queue
        self.batch = batch
        self.wait = wait


class Schedule:
    """The calls of one model. Lives in the event loop; one thread lets them begin, which waits for none of them.

    Parameters
    ----------
    batched
        Told the number of calls in each batch.
    """

    def __init__(self, model: Answering, limits: Limits, batched: Callable[[int], None] = lambda _: None) -> None:
        self._model = model
        self._limits = limits
        self._batched = batched
        self._queue: FairQueue[Call] = FairQueue(limits.queue)
        self._running: set[Batch] = set()
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hub-begin")
        self._idle = asyncio.Event()
        self._idle.set()
        self._wake: asyncio.TimerHandle | None = None
        self.used = time.monotonic()
        self.answered = self._written = 0

    @property
    def pieces(self) -> int:
        """Pieces of answers that have come since it was loaded, those of calls under way included."""
        return self._written + sum(_pieces(call) for batch in self._running for call in batch.calls)

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """Calls that are computed."""
        return sum(len(batch.calls) for batch in self._running)

    @property
    def busy(self) -> bool:
        """Whether anything waits or runs."""
        return bool(self._queue or self._running)

    def add(self, call: Call) -> None:
        """Let a call have its turn.

        Raises
        ------
        Fault
            Too many wait already.
        """
        if self._queue.full:
            raise Fault(
                429,
                "queue_full",
                f"{len(self._queue)} requests wait for this model already",
                headers={"Retry-After": str(self._retry_after())},
            )
        call.watched(self._given_up)
        self._queue.put(call)
        self._idle.clear()
        self._pump()

    async def until_idle(self) -> None:
        """Wait until nothing waits or runs."""
        await self._idle.wait()

    def end(self, error: HubError | Fault) -> None:
        """Give up all calls with this error."""
        for call in [*self._queue, *(call for batch in self._running for call in batch.calls)]:
            call.give_up(error)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False)

    def _pump(self) -> None:
        batches = []
        while self._queue and len(self._running) < self._limits.slots:
            if self._wait_for_more():
                break
            batch = Batch(self._take())
            self._running.add(batch)
            self._batched(len(batch.calls))
            started = time.monotonic()
            for call in batch.calls:
                call.started = started
            batches.append(batch)
        if batches:
            self._thread.submit(self._begin, batches)

    def _begin(self, batches: list[Batch]) -> None:
        try:
            self._model.begin([batch.order(partial(self._tell, batch), self._ring) for batch in batches])
        except BaseException as error:
            for batch in batches:
                self._tell(batch, error)

    def _tell(self, batch: Batch, outcome: Outcome) -> None:
        with suppress(RuntimeError):  # the loop is closed, and nobody waits
            self._loop.call_soon_threadsafe(self._ended, batch, outcome)

    def _ring(self) -> None:
        """From the thread that reads: pieces have come, of one call or several."""
        with suppress(RuntimeError):  # as above
            self._loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        for batch in self._running:
            for call in batch.calls:
                call.take()

    def _wait_for_more(self) -> bool:
        """Whether a batch that could still grow is worth a moment."""
        limits = self._limits
        if limits.batch == 1 or limits.wait <= 0 or len(self._queue) >= limits.batch:
            return False
        left = limits.wait - (time.monotonic() - min(call.asked for call in self._queue))
        if left <= 0:
            return False
        if self._wake is None:
            self._wake = self._loop.call_later(left, self._woken)
        return True

    def _woken(self) -> None:
        self._wake = None
        self._pump()

    def _take(self) -> list[Call]:
        first = self._queue.take()
        calls = [first]
        if self._limits.batch > 1 and not first.alone:
            for call in [other for other in self._queue if not other.alone and other.options == first.options]:
                if sum(len(taken.inputs) for taken in calls) + len(call.inputs) > self._limits.batch:
                    break
                self._queue.remove(call)
                calls.append(call)
        return calls

    def _ended(self, batch: Batch, outcome: Outcome) -> None:
        self._running.discard(batch)
        self.used = time.monotonic()
        if isinstance(outcome, UsageError) and len(batch.calls) > 1:
            self._again([call for call in batch.calls if not call.done])
        else:
            for call, own in zip(batch.calls, batch.outcomes(outcome), strict=True):
                self._written += _pieces(call)
                self.answered += 1
                if isinstance(own, list):
                    call.finish(own)
                elif _collateral(own) and not call.first and not call.done and not self._queue.full:
                    self._queue.put(call)
                else:
                    call.finish(None, own)
        self._pump()
        if not self.busy:
            self._idle.set()

    def _again(self, calls: list[Call]) -> None:
        """Each on its own, which tells whose inputs were refused."""
        for call in calls:
            call.alone = True
            self._queue.put(call)

    def _given_up(self, call: Call) -> None:
        """Out of the queue, or out of its batch, which ends when nobody is left in it."""
        self.used = time.monotonic()
        if self._queue.remove(call):
            if not self.busy:
                self._idle.set()
            return
        for batch in self._running:
            if call in batch.calls and all(each.done for each in batch.calls):
                call.cancel.set()
                batch.cancel.set()

    def _retry_after(self) -> int:
        return max(1, min(60, len(self._queue) // max(1, self._limits.slots * self._limits.batch)))


class Batch:
    """Calls that are answered as one."""

    def __init__(self, calls: list[Call]) -> None:
        self.calls = calls
        self.cancel = calls[0].cancel if len(calls) == 1 else Cancel()

    def order(self, ended: Callable[[Outcome], None], ring: Callable[[], None]) -> Order:
        """All of them as one call of the model."""
        first = self.calls[0]
        return Order(
            inputs=[given for call in self.calls for given in call.inputs],
            options=first.options,
            ended=ended,
            emit=first.emit if len(self.calls) == 1 else silent,
            ring=ring,
            cancel=self.cancel,
        )

    def outcomes(self, outcome: Outcome) -> list[Outcome]:
        """What became of each."""
        if not isinstance(outcome, list):
            return [outcome] * len(self.calls)
        results = iter(outcome)
        return [[next(results) for _ in call.inputs] for call in self.calls]


def _pieces(call: Call) -> int:
    return len(call.beats) + 1 if call.first else 0


def _collateral(error: BaseException) -> bool:
    """Whether a call failed because another one had to be ended with the whole process."""
    return isinstance(error, WorkerDied) and any(line.startswith(DEAF) for line in error.details)
