"""One model of the server, from the moment that somebody asks for it until it is unloaded.

Knows nothing of the other models, nor of why it is loaded or unloaded.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from hub.errors import SessionClosed
from hub.server.faults import Fault
from hub.server.models.call import Call
from hub.server.models.loader import Ready
from hub.server.models.schedule import Limits, Schedule
from hub.server.settings import Settings

if TYPE_CHECKING:
    from hub.plugin.specs import ModelSpec, TaskSpec
    from hub.runtime.planning.plan import Plan
    from hub.server.insight.meters import Meters

__all__ = ["Running"]

_LEAST = 1.0

_BATCHED = ("run", "embed")
"""Verbs whose models answer a list of inputs faster than one after the other."""


class Running:
    """A model that answers. Lives in the event loop.

    Attributes
    ----------
    name
        `publisher/name`, with the variant where it has one.
    keep_alive
        Seconds that it stays after its last call; below 0 for ever.
    """

    def __init__(self, ready: Ready, settings: Settings, meters: Meters, *, pinned: bool, took: float) -> None:
        plan = ready.model.plan
        self.name = f"{plan.model}:{plan.variant}" if plan.variant else plan.model
        self.plan: Plan = plan
        self.spec: ModelSpec = ready.spec
        self.task: TaskSpec = ready.task
        self.pinned = pinned
        self.keep_alive = settings.keep_alive
        self.loaded = time.time()
        self.took = took
        self.closing = False
        self.slots = _slots(plan)
        self._model = ready.model
        batch = settings.batch if plan.verb in _BATCHED else 1
        limits = Limits(slots=self.slots, queue=settings.queue, batch=batch, wait=settings.batch_wait)
        self.schedule = Schedule(ready.model, limits, lambda count: meters.batch(self.name, count))

    @property
    def pid(self) -> int | None:
        """Id of the worker process."""
        return self._model.pid

    @property
    def idle(self) -> float:
        """Seconds since anything waited or ran; 0 while something does."""
        return 0.0 if self.schedule.busy else time.monotonic() - self.schedule.used

    @property
    def expired(self) -> bool:
        """Whether it stayed for as long as it should: at least until who had it loaded could ask it."""
        return not self.pinned and self.keep_alive >= 0 and self.idle >= max(self.keep_alive, _LEAST)

    def touch(self) -> None:
        """Somebody is about to ask it."""
        self.schedule.used = time.monotonic()

    def ask(self, call: Call) -> Call:
        """Let a call have its turn.

        Raises
        ------
        Fault
            Too many wait already, or the model is going.
        """
        if self.closing:
            raise Fault(503, "model_unloaded", f"'{self.name}' is being unloaded", headers={"Retry-After": "1"})
        self.schedule.add(call)
        return call

    async def close(self, *, force: bool = False) -> None:
        """Let the calls end (or end them), and give the memory back."""
        self.closing = True
        if force:
            self.schedule.end(SessionClosed(f"'{self.name}' was unloaded"))
        await self.schedule.until_idle()
        await asyncio.to_thread(self._model.close)
        self.schedule.close()


def _slots(plan: Plan) -> int:
    """Calls that the model takes at once: as many as it was loaded for, where its backend says so."""
    given = plan.options.get("parallel") if plan.verb not in _BATCHED else None
    return given if isinstance(given, int) and given > 0 else 1
