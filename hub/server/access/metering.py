"""Sums up what is used and writes it down every few seconds; what cannot be written is kept and tried again.

So a full disk stops nobody: the service goes on, and says that its books are behind. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from hub.errors import StorageError
from hub.server.access.database import COUNTS, Database, Use

__all__ = ["Metering"]

_LOG = logging.getLogger("hub.server")
_PAUSE = 2.0


class Metering:
    """The books of one server. Lives in the event loop.

    Attributes
    ----------
    fault
        Why what was used could not be written, where it could not.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unwritten: dict[tuple[str, str, str], Use] = {}
        self._task: asyncio.Task[None] | None = None
        self.fault = ""

    @property
    def unwritten(self) -> int:
        """Sums that could not be written yet."""
        return len(self._unwritten) if self.fault else 0

    def add(self, key: str, model: str, **counts: int | float) -> Use:
        """Count a use of now."""
        today = datetime.now(UTC).date().isoformat()
        use = Use(key=key, model=model, day=today, **counts)  # type: ignore[arg-type]
        self._sum(use)
        return use

    def start(self) -> None:
        """Write every few seconds from now on."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.write()

    async def write(self) -> None:
        """Write what was used since the last time."""
        uses, self._unwritten = list(self._unwritten.values()), {}
        if not uses:
            return
        try:
            await asyncio.to_thread(self._database.add_uses, uses)
        except StorageError as error:
            if not self.fault:
                _LOG.error("usage cannot be written; it is kept and tried again", extra={"error": error.message})
            self.fault = error.message
            for use in uses:
                self._sum(use)
        else:
            self.fault = ""

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            await self.write()

    def _sum(self, use: Use) -> None:
        at = (use.key, use.model, use.day)
        before = self._unwritten.get(at)
        if before is None:
            self._unwritten[at] = use
        else:
            added = {name: getattr(before, name) + getattr(use, name) for name in COUNTS}
            self._unwritten[at] = replace(before, **added)
