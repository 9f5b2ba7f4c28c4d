"""Which models run: loaded on first use, one load however many ask, unloaded when idle or to make room for another.

A model is loaded only where it fits by its plan's estimate; the one that nobody used for longest goes first, and those
that are pinned or busy stay. Lives in the event loop. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from hub.errors import DoesNotFit
from hub.server.insight.processes import resident
from hub.server.models import loader
from hub.server.models.names import Names
from hub.server.models.running import Running
from hub.server.settings import Settings

if TYPE_CHECKING:
    from hub.runtime.planning.plan import Plan
    from hub.runtime.references.target import Target
    from hub.server.insight.meters import Meters

__all__ = ["Manager"]

_LOG = logging.getLogger("hub.server")
_ROUND = 0.5
Key = tuple[str, str]


class Manager:
    """The models of one server."""

    def __init__(self, settings: Settings, meters: Meters) -> None:
        self.names = Names(settings)
        self._settings = settings
        self._meters = meters
        self._loads: dict[Key, asyncio.Task[Running]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def running(self) -> list[Running]:
        """Models that answer, in the order in which they were loaded."""
        return [running for task in self._loads.values() if (running := _loaded(task)) is not None]

    @property
    def loading(self) -> list[str]:
        """Names of the models that are being loaded."""
        return [":".join(filter(None, key)) for key, task in self._loads.items() if not task.done()]

    async def start(self) -> None:
        """Load the models that the server was started with, and look after all of them from now on."""
        self._keeper = asyncio.create_task(self._keep())
        for name in self._settings.models:
            await self.get(await asyncio.to_thread(self.names.find, name), pinned=True)

    def ready(self, target: Target) -> Running | None:
        """The model that a name stands for, where it answers already."""
        key = _key(target)
        task = self._loads.get(key) or self._same(key)
        running = _loaded(task) if task is not None else None
        if running is None or running.closing:
            return None
        running.touch()
        return running

    async def get(self, target: Target, *, pinned: bool = False) -> Running:
        """The model that a name stands for, loaded if it is not yet.

        Raises
        ------
        HubError
            It cannot be loaded.
        """
        key = _key(target)
        found = self._loads.get(key) or self._same(key)
        if found is None:
            found = asyncio.create_task(self._load(target, pinned=pinned))
            self._loads[key] = found
            found.add_done_callback(lambda task: self._ended(key, task))
        running = await asyncio.shield(found)
        if running.closing:
            return await self.get(target, pinned=pinned)
        running.touch()
        return running

    async def unload(self, running: Running, *, force: bool = False) -> None:
        """Take a model out of service and give its memory back; who asks for it meanwhile has it loaded again."""
        self._forget(running)
        self._meters.unloaded(running.name)
        await running.close(force=force)
        _LOG.info("unloaded", extra={"model": running.name})

    async def close(self) -> None:
        """Let everything end, within the time for it, and unload all models."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        for task in list(self._loads.values()):
            with suppress(BaseException):
                await asyncio.wait_for(asyncio.shield(task), self._settings.drain)
        await asyncio.gather(*(self._end(running) for running in self.running))
        if self._closing:
            await asyncio.gather(*self._closing, return_exceptions=True)

    async def _end(self, running: Running) -> None:
        try:
            await asyncio.wait_for(running.schedule.until_idle(), self._settings.drain)
            await self.unload(running)
        except TimeoutError:
            await self.unload(running, force=True)

    async def _load(self, target: Target, *, pinned: bool) -> Running:
        async with self._one_at_a_time:
            started = time.monotonic()
            plan = await self._plan(target)
            ready = await asyncio.to_thread(loader.load, target, plan, self._settings)
            took = time.monotonic() - started
            running = Running(ready, self._settings, self._meters, pinned=pinned, took=took)
        self._meters.loaded(running.name, took)
        _LOG.info("loaded", extra={"model": running.name, "backend": plan.backend, "seconds": round(took, 3)})
        return running

    async def _plan(self, target: Target) -> Plan:
        """A plan that fits, with as many models unloaded for it as it takes."""
        until = time.monotonic() + self._settings.timeout
        while True:
            try:
                plan = await asyncio.to_thread(loader.plan_for, target, self._settings)
                promised, taken = self._promised()
                loader.check_room(plan, promised=promised, taken=taken, budget=self._settings.memory)
            except DoesNotFit:
                if time.monotonic() > until or not await self._make_room():
                    raise
            else:
                return plan

    async def _make_room(self) -> bool:
        """Unload the one that nobody used for longest, or wait a moment where all are busy. `False`: none can go."""
        able = [running for running in self.running if not running.pinned]
        if not able:
            return False
        idle = [running for running in able if not running.schedule.busy]
        if not idle:
            await asyncio.sleep(_ROUND / 10)
            return True
        await self.unload(max(idle, key=lambda running: running.idle))
        return True

    def _promised(self) -> tuple[int, int]:
        """Bytes that running models are expected to take and have not taken yet, and that they take in all."""
        promised = taken = 0
        for running in self.running:
            expected = running.plan.estimate.total
            taken += expected
            promised += max(0, expected - (resident(running.pid) if running.pid else 0))
        return promised, taken

    async def _keep(self) -> None:
        """Unload what stayed for as long as it should."""
        while True:
            await asyncio.sleep(_ROUND)
            for running in self.running:
                if running.expired:
                    self._forget(running)
                    task = asyncio.create_task(self.unload(running))
                    self._closing.add(task)
                    task.add_done_callback(self._closing.discard)

    def _same(self, key: Key) -> asyncio.Task[Running] | None:
        """What runs the variant that is named, and was loaded when none was."""
        task = self._loads.get((key[0], ""))
        running = _loaded(task) if task is not None else None
        return task if running is not None and running.plan.variant == key[1] else None

    def _ended(self, key: Key, task: asyncio.Task[Running]) -> None:
        if _loaded(task) is None:
            self._loads.pop(key, None)

    def _forget(self, running: Running) -> None:
        for key, task in list(self._loads.items()):
            if _loaded(task) is running:
                del self._loads[key]


def _key(target: Target) -> Key:
    return target.model.id, target.variant or ""


def _loaded(task: asyncio.Task[Running]) -> Running | None:
    """What a load gave; `None` where it did not, or not yet."""
    able = task.done() and not task.cancelled() and task.exception() is None
    return task.result() if able else None
