"""Fetches one content of another hub, once for all who want it, while they read what has come.

Who holds the lock of a content fetches it, in a thread; the others, in whatever process, read along in the growing
file. A content that is cut goes on where it was. The last bytes are given out when the hash is right, so nobody gets
a whole file that is wrong. Knows nothing of HTTP answers.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import IO

from hub.errors import HubError, SourceError, StorageError, VerificationError
from hub_mirror.catalogue.holdings import hold, known_oid
from hub_mirror.catalogue.repos import Repo
from hub_mirror.refusals import Refusal
from hub_mirror.service import Service
from hub_mirror.snapshots import Entry
from hub_mirror.upstream.client import Upstream

__all__ = ["Fetch"]

_PIECE = 2**18
_HELD_BACK = 2**16
_WAIT = 0.02
_SYNC_EVERY = 64 * 2**20
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """One file of a repository of another hub."""

    service: Service
    upstream: Upstream
    repo: Repo
    commit: str
    entry: Entry

    @property
    def sha256(self) -> str:
        """Sha256 of the content once it is here; empty before."""
        if self.entry.sha256:
            return self.entry.sha256 if self.service.blobs.has(self.entry.sha256, self.entry.size) else ""
        known = known_oid(self.service.database.connection, self.repo, self.entry.oid)
        return known if known and self.service.blobs.has(known, self.entry.size) else ""

    def fetch(self) -> str:
        """Have the content, fetching it if nobody does already, and wait for it; its sha256.

        Raises
        ------
        HubError
            It cannot be had, or is not what was promised.
        """
        with self._lock_file() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.sha256 or self._download()

    async def read(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """Bytes `start` to `stop`, as they come.

        Raises
        ------
        Refusal
            502, perhaps after some bytes.
        """
        position, attempts, file = start, 0, -1
        try:
            while position < stop:
                done = await asyncio.to_thread(lambda: self.sha256)
                if file < 0:
                    file = await asyncio.to_thread(self._open, done)
                last = stop if done else min(stop, self.entry.size - _HELD_BACK)
                piece = b""
                if file >= 0 and position < last:
                    piece = await asyncio.to_thread(os.pread, file, min(_PIECE, last - position), position)
                if piece:
                    position += len(piece)
                    yield piece
                elif done and file >= 0:
                    raise Refusal(502, "A content changed while it was sent")
                elif not done and await asyncio.to_thread(self._idle):
                    attempts += 1
                    await self._start(attempts, fresh=position == start)
                    if position == start and file >= 0:
                        os.close(file)
                        file = -1
                else:
                    await asyncio.sleep(_WAIT)
        finally:
            if file >= 0:
                os.close(file)

    async def _start(self, attempts: int, *, fresh: bool) -> None:
        """Let somebody fetch it; give up after some attempts, or where the first bytes are sent and thrown away."""
        if attempts > _ATTEMPTS or (attempts > 1 and not fresh and not self._path.exists()):
            raise Refusal(502, f"{self.upstream.url} did not give '{self.entry.path}' as it promised")
        task = asyncio.create_task(asyncio.to_thread(self._quietly))
        _TASKS.add(task)
        task.add_done_callback(_TASKS.discard)
        await asyncio.sleep(_WAIT)

    def _quietly(self) -> None:
        with suppress(HubError, OSError):  # who reads along sees that it stopped
            self.fetch()

    @property
    def _key(self) -> str:
        return self.entry.sha256 or f"{self.repo.id}-{self.entry.oid}"

    @property
    def _path(self) -> Path:
        return self.service.places.incoming / f"fetch-{self._key}"

    def _lock_file(self) -> IO[str]:
        return (self.service.places.run / f"fetch-{self._key}.lock").open("a")

    def _idle(self) -> bool:
        """Whether nobody fetches it now."""
        with self._lock_file() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            return True

    def _open(self, done: str) -> int:
        try:
            return os.open(self.service.blobs.path(done) if done else self._path, os.O_RDONLY)
        except OSError:
            return -1

    def _download(self) -> str:
        digest, git, have = hashlib.sha256(), hashlib.sha1(usedforsecurity=False), 0
        git.update(f"blob {self.entry.size}\0".encode())
        with self._path.open("a+b", buffering=0) as file:
            file.seek(0)
            while piece := file.read(2**20):
                digest.update(piece)
                git.update(piece)
                have += len(piece)
            if have < self.entry.size or self.entry.size == 0:
                have = self._receive(file, have, digest, git)
            os.fsync(file.fileno())
        right = digest.hexdigest() == self.entry.sha256 if self.entry.lfs else git.hexdigest() == self.entry.oid
        if have != self.entry.size or not right:
            self._path.unlink(missing_ok=True)
            raise VerificationError(
                f"{self.upstream.url} gave something else than it promised for '{self.entry.path}' of "
                f"{self.repo.fullname}; it was thrown away"
            )
        with self.service.blobs.publishing():
            self.service.blobs.adopt(self._path, digest.hexdigest())
            with self.service.database.writing() as connection:
                hold(connection, self.repo, digest.hexdigest(), self.entry.size, self.entry.oid)
        with suppress(OSError):
            (self.service.places.run / f"fetch-{self._key}.lock").unlink()
        return digest.hexdigest()

    def _receive(self, file: FileIO, have: int, digest: hashlib._Hash, git: hashlib._Hash) -> int:
        unsynced = 0
        try:
            with self.upstream.open(self.repo.kind, self.repo.fullname, self.commit, self.entry.path, have) as (
                at,
                pieces,
            ):
                if at != have:
                    self._path.unlink(missing_ok=True)
                    raise SourceError(f"{self.upstream.url} cannot go on with '{self.entry.path}'", hint="Run it again")
                for piece in pieces:
                    have += len(piece)
                    if have > self.entry.size:
                        self._path.unlink(missing_ok=True)
                        raise VerificationError(
                            f"{self.upstream.url} gives more than it promised for '{self.entry.path}'"
                        )
                    file.write(piece)
                    digest.update(piece)
                    git.update(piece)
                    unsynced += len(piece)
                    if unsynced > _SYNC_EVERY:
                        os.fdatasync(file.fileno())
                        unsynced = 0
        except OSError as error:
            raise StorageError(f"'{self.entry.path}' cannot be kept: {error.strerror or error}") from error
        if have < self.entry.size:
            raise SourceError(f"the connection broke off on '{self.entry.path}'", hint="Run it again: it goes on")
        return have


_TASKS: set[asyncio.Task[None]] = set()
