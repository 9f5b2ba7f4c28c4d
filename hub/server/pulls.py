"""Downloads that the server was asked for: one of each variant however many ask, told to whoever watches.

Lives in the event loop; each download has a thread of its own, which is left behind where the server ends. Knows
nothing of HTTP, and nothing of who may ask.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from hub.registry.names import key
from hub.runtime.planning.variant import choose_variant
from hub.runtime.references.fetch import fetch
from hub.runtime.references.target import Target, variant_of
from hub.server.faults import fault_of
from hub.store.store import Store
from hub.types import JSON

__all__ = ["Pull", "Pulls"]

_LOG = logging.getLogger("hub.server")
_AT_ONCE = 2
_KEPT = 20
_PAUSE = 0.2
_PATIENCE = 3.0


class GivenUp(BaseException):
    """The download is not wanted any more; not an `Exception`, so that no source takes it for a fault of its own."""


class Pull:
    """One download, and how far it is. What tells its progress comes from several threads.

    Attributes
    ----------
    state
        `waiting`, `running`, `done`, `failed` or `cancelled`.
    wanted, variant
        The variant that was named, perhaps none; and the one that is fetched, once it is chosen.
    total
        Bytes that are to come; 0 until that is known.
    error, said
        Why it failed; the last line that a source had to say.
    """

    def __init__(self, number: int, target: Target) -> None:
        self.id = str(number)
        self.target = target
        variants = target.model.variants
        self.wanted = target.variant or ""
        self.variant = self.wanted or (variants[0].name if len(variants) == 1 else "")
        self.state = "waiting"
        self.total = 0
        self.error = self.said = self.file = ""
        self.began = self.ended = 0.0
        self._given_up = False
        self._done: dict[str, tuple[int, int]] = {}  # by file: bytes of now, and of before
        self._lock = threading.Lock()

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.state not in ("waiting", "running")

    def told(self) -> dict[str, JSON]:
        """How far it is, in bytes."""
        with self._lock:
            done = sum(now - before for now, before in self._done.values())
        until = self.ended or time.monotonic()
        return {
            "id": self.id,
            "model": self.target.model.id,
            "name": self.target.model.name,
            "variant": self.variant,
            "state": self.state,
            "ending": self._given_up and not self.over,
            "done": self.total if self.state == "done" else max(0, min(done, self.total)),
            "total": self.total,
            "seconds": round(until - self.began, 1) if self.began else 0.0,
            "file": self.file,
            "said": self.said,
            "error": self.error,
        }

    def give_up(self) -> None:
        """End it; what has come is kept, and a later one goes on from there."""
        self._given_up = True

    def check(self) -> None:
        """Raise where it is not wanted any more.

        Raises
        ------
        GivenUp
            It is not.
        """
        if self._given_up:
            raise GivenUp

    def begin(self, name: str, total: int | None, done: int = 0) -> None:
        """A file starts; `total` is part of what was counted before."""
        self.check()
        with self._lock:
            self._done[name] = (done, done)
            self.file = name

    def advance(self, name: str, count: int) -> None:
        """Bytes arrived."""
        self.check()
        with self._lock:
            now, before = self._done.get(name, (0, 0))
            self._done[name] = (now + count, min(before, now + count))

    def end(self, name: str) -> None:
        """A file is here, or given up."""

    def say(self, text: str) -> None:
        """Keep the last line."""
        self.said = text


class Pulls:
    """The downloads of one server.

    Parameters
    ----------
    came
        Called when something has come.
    """

    def __init__(self, came: Callable[[], object]) -> None:
        self._came = came
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._pulls: dict[str, Pull] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._number = 0

    def listed(self) -> list[Pull]:
        """Those that run and those that ended last, in the order in which they were asked for."""
        return list(self._pulls.values())

    def start(self, target: Target) -> Pull:
        """Have a variant fetched, or join who has it fetched already."""
        for pull in self._pulls.values():
            same = key(pull.target.model.id) == key(target.model.id)
            if same and not pull.over and (target.variant or "") in (pull.wanted, pull.variant):
                return pull
        self._number += 1
        pull = self._pulls[str(self._number)] = Pull(self._number, target)
        for old in [each for each in self._pulls.values() if each.over][:-_KEPT]:
            del self._pulls[old.id]
        task = self._tasks[pull.id] = asyncio.create_task(self._run(pull))
        task.add_done_callback(lambda _: self._tasks.pop(pull.id, None))
        return pull

    def cancel(self, name: str) -> Pull | None:
        """Give a download up; `None` where none has this id."""
        pull = self._pulls.get(name)
        if pull is not None and not pull.over:
            pull.give_up()
            if pull.state == "waiting":
                self._tasks[pull.id].cancel()
        return pull

    async def changes(self) -> AsyncIterator[list[dict[str, JSON]]]:
        """How far all of them are, whenever that has changed, until all have ended."""
        before: list[dict[str, JSON]] | None = None
        while True:
            now = [pull.told() for pull in self.listed()]
            if now != before:
                yield now
            if all(pull.over for pull in self.listed()):
                return
            before = now
            await asyncio.sleep(_PAUSE)

    def give_up(self) -> None:
        """Give up what runs: who watches it is told so, and kept no longer."""
        for pull in self.listed():
            pull.give_up()

    async def close(self) -> None:
        """Give up what runs, and wait for it a little."""
        self.give_up()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=_PATIENCE)

    async def _run(self, pull: Pull) -> None:
        try:
            async with self._turns:
                pull.state, pull.began = "running", time.monotonic()
                await _in_thread(lambda: _fetch(pull))
            pull.state = "done"
            self._came()
            _LOG.info("pulled", extra={"model": f"{pull.target.model.id}:{pull.variant}"})
        except (GivenUp, asyncio.CancelledError):
            pull.state = "cancelled"
        except Exception as error:
            pull.error = fault_of(error).message
            pull.state = "failed"
            _LOG.error("a pull failed: %s", error, extra={"model": pull.target.model.id})
        finally:
            pull.ended = time.monotonic()


def _fetch(pull: Pull) -> None:
    store = Store()
    pull.variant, said = choose_variant(pull.target, store=store)
    if said:
        pull.say(said)
    pull.total = store.download_size(variant_of(pull.target, pull.variant).weights())
    pull.check()
    fetch(pull.target, pull.variant, store=store, progress=pull)


async def _in_thread(work: Callable[[], None]) -> None:
    """Do it in a thread that does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[BaseException | None] = loop.create_future()

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as caught:  # raised where it is waited for
            error = caught
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(lambda: None if ended.done() else ended.set_result(error))

    threading.Thread(target=run, name="hub-server-pull", daemon=True).start()
    error = await ended
    if error is not None:
        raise error
