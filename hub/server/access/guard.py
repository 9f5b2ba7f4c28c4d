"""Who asks, and whether they may: keys from the database, kept for a moment; rates and quotas, counted in memory.

A key that is revoked is refused after `FRESH` seconds at the latest. Knows nothing of models or of HTTP's messages.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hub.errors import StorageError
from hub.server.access.database import Database, Use
from hub.server.access.keys import Key, Rights, digest_of
from hub.server.faults import Fault
from hub.server.settings import LOOPBACK

if TYPE_CHECKING:
    from hub.registry.schema import Model

__all__ = ["FRESH", "Caller", "Guard"]

FRESH = 5.0
_LOG = logging.getLogger("hub.server")
_ALL = Rights(models=["*"], tasks=["*"], admin=True, rate=0, tokens=0, priority=0)
_STRANGER = Rights(models=["*"], tasks=["*"], admin=False, rate=0, tokens=0, priority=0)
"""What those of other machines may do while nobody needs a key: else one of them could make the only one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks. `client` tells callers apart in queues; `key` is empty where nobody needs one."""

    client: str
    key: str = ""
    name: str = ""
    rights: Rights
    kept: Key | None = None

    def may(self, names: Sequence[str], task: str) -> bool:
        """Whether a model may be used for a task."""
        return self.kept is None or self.kept.allows(names, task)

    def check(self, model: Model) -> None:
        """Raise where a model may not be used.

        Raises
        ------
        Fault
            It may not.
        """
        if not self.may((model.id, model.name, *model.aliases), model.task):
            raise Fault(403, "model_not_allowed", f"key '{self.name}' may not use '{model.id}'", param="model")


class Guard:
    """Knows callers by their keys. Lives in the event loop.

    Parameters
    ----------
    token
        A key of this machine's own user, made for this run of the server.
    """

    def __init__(self, database: Database, token: str) -> None:
        self._database = database
        self._token = digest_of(token)
        self._keys: dict[str, Key] = {}
        self._read = 0.0
        self._reading = asyncio.Lock()
        self._buckets: dict[str, Bucket] = {}
        self._used: dict[str, tuple[str, int]] = {}

    def forget(self) -> None:
        """Read the keys again at once: one came, or went."""
        self._read = min(self._read, time.monotonic() - FRESH)

    async def asks_for_keys(self) -> bool:
        """Whether there is any key; without one, who reaches the server may use it."""
        await self._refresh()
        return bool(self._keys)

    async def caller(self, given: str, client: str) -> Caller:
        """Who it is.

        Raises
        ------
        Fault
            No key where one is needed, or one that does not hold.
        """
        if given and secrets.compare_digest(digest_of(given), self._token):
            return Caller(client="local", key="local", name="local", rights=_ALL)
        if not await self.asks_for_keys():
            return Caller(client=client, rights=_ALL if client in LOOPBACK else _STRANGER)
        key = self._keys.get(digest_of(given)) if given else None
        if key is None:
            told = "this key is not known here" if given else "this server needs a key: Authorization: Bearer KEY"
            raise Fault(401, "invalid_api_key", told, headers={"WWW-Authenticate": "Bearer"})
        return Caller(client=key.id, key=key.id, name=key.name, rights=key.rights, kept=key)

    async def admit(self, caller: Caller) -> None:
        """Count a request of a caller.

        Raises
        ------
        Fault
            Its rate or its quota is used up.
        """
        rate, tokens = caller.rights["rate"], caller.rights["tokens"]
        if rate:
            bucket = self._buckets.setdefault(caller.key, Bucket(rate))
            wait = bucket.take(rate)
            if wait:
                raise Fault(
                    429,
                    "rate_limit_exceeded",
                    f"key '{caller.name}' may ask {rate} times a minute",
                    headers={"Retry-After": str(max(1, round(wait)))},
                )
        if tokens and await self._used_today(caller.key) >= tokens:
            raise Fault(
                429,
                "insufficient_quota",
                f"key '{caller.name}' has used its {tokens} tokens of today (UTC)",
                headers={"Retry-After": str(_until_tomorrow())},
            )

    def used(self, use: Use) -> None:
        """Count tokens against a quota."""
        day, count = self._used.get(use.key, (use.day, 0))
        if day == use.day and use.key in self._used:
            self._used[use.key] = (day, count + use.prompt_tokens + use.generated_tokens)

    async def _used_today(self, key: str) -> int:
        today = datetime.now(UTC).date().isoformat()
        if self._used.get(key, ("", 0))[0] != today:
            try:
                uses = await asyncio.to_thread(self._database.usage, since=today, until=today, key=key)
            except StorageError as error:
                _LOG.error("usage cannot be read", extra={"error": error.message})
                uses = []
            self._used[key] = (today, sum(use.prompt_tokens + use.generated_tokens for use in uses))
        return self._used[key][1]

    async def _refresh(self) -> None:
        if time.monotonic() - self._read < FRESH and self._read:
            return
        async with self._reading:
            if time.monotonic() - self._read < FRESH and self._read:
                return
            try:
                keys = await asyncio.to_thread(self._database.all_keys)
            except StorageError as error:
                if not self._read:
                    raise
                _LOG.error("keys cannot be read", extra={"error": error.message})
            else:
                self._keys = {key.digest: key for key in keys if not key.revoked}
            self._read = time.monotonic()


class Bucket:
    """So many a minute, as many at once as in ten seconds and at least one."""

    def __init__(self, rate: int) -> None:
        self._most = max(1.0, rate / 6)
        self._left = self._most
        self._at = time.monotonic()

    def take(self, rate: int) -> float:
        """Take one; seconds to wait where there is none, else 0."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * rate / 60)
        self._at = now
        if self._left < 1:
            return (1 - self._left) * 60 / rate
        self._left -= 1
        return 0.0


def _until_tomorrow() -> int:
    now = datetime.now(UTC)
    return 86400 - (now.hour * 3600 + now.minute * 60 + now.second)
