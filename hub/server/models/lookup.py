"""Asks for names from the event loop: one look at the disk for all who ask for the same name at once.

A name that was known a moment ago is answered as it was, and looked up for who asks next: a burst of requests after a
pause does not wait for the disk. Knows nothing of what names stand for.
"""

from __future__ import annotations

import asyncio
from functools import partial

from hub.runtime.references.target import Target
from hub.server.models.names import Names

__all__ = ["Lookup"]


class Lookup:
    """Lives in the event loop."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._asked: dict[str, asyncio.Task[Target]] = {}

    async def find(self, name: str) -> Target:
        """What a name stands for.

        Raises
        ------
        BadReference
            Nothing that is served has it; near names are in the hint.
        """
        known = self._names.known(name)
        if known is not None:
            return known
        asked = self._asked.get(name) or self._ask(name)
        kept = self._names.kept(name)
        return await asyncio.shield(asked) if kept is None else kept

    def _ask(self, name: str) -> asyncio.Task[Target]:
        task = asyncio.create_task(asyncio.to_thread(self._names.find, name))
        self._asked[name] = task
        task.add_done_callback(partial(self._answered, name))
        return task

    def _answered(self, name: str, task: asyncio.Task[Target]) -> None:
        del self._asked[name]
        if not task.cancelled():
            task.exception()  # told to those who wait, and there may be none
