"""Names, asked for from the event loop: one look at the disk for all, and none to wait for where one is known."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hub.errors import BadReference
from hub.runtime.references.target import Target
from hub.server.models import names
from hub.server.models.lookup import Lookup
from hub.server.models.names import Names
from hub.server.settings import Settings

NAME = "all-minilm-l6-v2"


class Watched(Names):
    """Names whose looks at the disk are counted, and wait for `gate`."""

    def __init__(self) -> None:
        super().__init__(Settings(pull=True))
        self.looks = 0
        self.gone = False
        self.gate = threading.Event()
        self.gate.set()

    def _resolve(self, name: str) -> Target:
        self.looks += 1
        assert self.gate.wait(30)
        if self.gone:
            raise BadReference(f"'{name}' is not there any more")
        return super()._resolve(name)


async def looked(watched: Watched, count: int) -> None:
    """Wait until there were so many looks, and the last has ended."""
    while watched.looks < count:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)


def test_all_who_ask_at_once_share_one_look() -> None:
    async def ask() -> None:
        watched = Watched()
        lookup = Lookup(watched)
        found = await asyncio.gather(*(lookup.find(NAME) for _ in range(16)))
        assert {target.model.name for target in found} == {NAME}
        assert watched.looks == 1
        await lookup.find(NAME)
        assert watched.looks == 1  # it is fresh

    asyncio.run(ask())


def test_what_was_known_a_moment_ago_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        watched = Watched()
        lookup = Lookup(watched)
        first = await lookup.find(NAME)
        monkeypatch.setattr(names, "FRESH", 0.0)
        watched.gate.clear()
        again = await asyncio.wait_for(asyncio.gather(*(lookup.find(NAME) for _ in range(4))), 20)
        assert again == [first] * 4
        watched.gate.set()
        await looked(watched, 2)
        assert watched.looks == 2

    asyncio.run(ask())


def test_what_is_gone_is_answered_once_more_and_then_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        watched = Watched()
        lookup = Lookup(watched)
        first = await lookup.find(NAME)
        monkeypatch.setattr(names, "FRESH", 0.0)
        watched.gone = True
        assert await lookup.find(NAME) == first
        await looked(watched, 2)
        with pytest.raises(BadReference, match="not there any more"):
            await lookup.find(NAME)

    asyncio.run(ask())


def test_what_was_known_long_ago_is_looked_up_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        watched = Watched()
        lookup = Lookup(watched)
        await lookup.find(NAME)
        monkeypatch.setattr(names, "FRESH", 0.0)
        monkeypatch.setattr(names, "KEPT", 0.0)
        watched.gone = True
        with pytest.raises(BadReference, match="not there any more"):
            await lookup.find(NAME)

    asyncio.run(ask())


def test_all_hear_that_a_name_is_unknown() -> None:
    async def ask() -> None:
        watched = Watched()
        lookup = Lookup(watched)
        found = await asyncio.gather(*(lookup.find("all-minilm-l6-v3") for _ in range(4)), return_exceptions=True)
        assert all(isinstance(error, BadReference) for error in found)
        assert watched.looks == 1

    asyncio.run(ask())


def test_who_leaves_takes_the_look_from_nobody() -> None:
    async def ask() -> None:
        watched = Watched()
        watched.gate.clear()
        lookup = Lookup(watched)
        leaves, stays = (asyncio.create_task(lookup.find(NAME)) for _ in range(2))
        await asyncio.sleep(0.01)
        leaves.cancel()
        watched.gate.set()
        assert (await stays).model.name == NAME
        assert watched.looks == 1

    asyncio.run(ask())
