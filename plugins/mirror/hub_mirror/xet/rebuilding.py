"""Puts the files of a shard together out of chunks, and remembers where each chunk lies from then on.

A xorb is kept only until its chunks lie in contents: then it is known by where they are. What an account uploaded,
it alone may refer to: to know the name of a chunk is not to have it. Knows nothing of HTTP.
"""

from __future__ import annotations

import fcntl
import sqlite3
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hub_mirror.blobs import Incoming
from hub_mirror.catalogue.holdings import check_quota, hold
from hub_mirror.catalogue.repos import Repo
from hub_mirror.refusals import Refusal, invalid
from hub_mirror.service import Service
from hub_mirror.xet.shard import ShardFile, Term
from hub_mirror.xet.xorb import chunks, count_chunks

__all__ = ["rebuild", "xorb_path"]

_PLACE = struct.Struct("<32sQI")  # content, offset, size


def xorb_path(service: Service, account: int, name: str) -> Path:
    """Where a xorb lies until it is dissolved."""
    return service.places.xorbs / str(account) / name


class _Places:
    """Where the chunks of xorbs lie, as far as it is known."""

    def __init__(self, service: Service, account: int) -> None:
        self._service = service
        self._account = account
        self._known: dict[str, dict[int, tuple[str, int, int]]] = {}
        self.changed: set[str] = set()

    def of(self, xorb: str) -> dict[int, tuple[str, int, int]]:
        """Chunk number to content, offset and size."""
        if xorb not in self._known:
            row = self._service.database.connection.execute(
                "SELECT chunks FROM xorbs WHERE account = ? AND hash = ?", (self._account, xorb)
            ).fetchone()
            self._known[xorb] = _unpacked(row[0]) if row else {}
        return self._known[xorb]

    def note(self, xorb: str, index: int, sha256: str, offset: int, size: int) -> None:
        """A chunk lies there now."""
        self.of(xorb).setdefault(index, (sha256, offset, size))
        self.changed.add(xorb)

    def write(self, connection: sqlite3.Connection) -> None:
        """Keep what was noted."""
        for xorb in self.changed:
            connection.execute(
                "INSERT OR REPLACE INTO xorbs VALUES (?, ?, ?, ?)",
                (self._account, xorb, _packed(self._known[xorb]), time.time()),
            )


def rebuild(service: Service, repo: Repo, account: int, files: list[ShardFile]) -> None:
    """Have the contents of all files of a shard, and note them as the repository's.

    Raises
    ------
    Refusal
        400 where chunks were not uploaded or a content is not what was promised, 403 past the quota.
    """
    with (service.places.run / f"xet-{account}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who asks again because it takes long waits for the first, and finds all done
        new = [file for file in files if not _proven(service, repo, file)]
        with service.database.writing() as connection:
            for file in files:
                if file not in new:  # and is not collected before the commit
                    hold(connection, repo, file.sha256, sum(term.size for term in file.terms))
            check_quota(connection, repo, [sum(term.size for term in file.terms) for file in new])
        places = _Places(service, account)
        for file in new:
            _one(service, repo, account, file, places)
        _dissolve(service, account, places)


def _one(service: Service, repo: Repo, account: int, file: ShardFile, places: _Places) -> None:
    size = sum(term.size for term in file.terms)
    if size > service.settings.largest:
        raise Refusal(413, f"This file is larger than the {service.settings.largest} bytes that this hub takes")
    written: list[tuple[str, int, int, int]] = []
    with service.blobs.incoming(limit=size) as incoming:
        for term in file.terms:
            _append(service, account, term, places, incoming, written)
        if file.sha256 and incoming.sha256 != file.sha256:
            raise invalid(f"What came has the sha256 {incoming.sha256} instead of {file.sha256}")
        incoming.settle()
        with service.blobs.publishing():
            service.blobs.keep([incoming])
            with service.database.writing() as connection:
                hold(connection, repo, incoming.sha256, incoming.size)
                for xorb, index, offset, length in written:
                    places.note(xorb, index, incoming.sha256, offset, length)
                places.write(connection)
    places.changed.clear()


def _append(
    service: Service,
    account: int,
    term: Term,
    places: _Places,
    incoming: Incoming,
    written: list[tuple[str, int, int, int]],
) -> None:
    before = incoming.size
    for index, content in enumerate(_contents(service, account, term, places), term.start):
        written.append((term.xorb, index, incoming.size, len(content)))
        incoming.write(content)
    if incoming.size - before != term.size:
        raise invalid(f"Chunks {term.start} to {term.stop} of xorb {term.xorb} have another size than the shard says")


def _contents(service: Service, account: int, term: Term, places: _Places) -> Iterator[bytes]:
    path = xorb_path(service, account, term.xorb)
    if path.exists():
        with path.open("rb") as file:
            yield from chunks(file, term.start, term.stop)
        return
    known, opened = places.of(term.xorb), dict[str, BinaryIO]()
    try:
        for index in range(term.start, term.stop):
            if index not in known or not service.blobs.has(known[index][0]):
                raise invalid(
                    f"Chunk {index} of xorb {term.xorb} was not uploaded to this hub, or is gone: upload again"
                )
            sha256, offset, size = known[index]
            if sha256 not in opened:
                opened[sha256] = service.blobs.path(sha256).open("rb")
            opened[sha256].seek(offset)
            yield opened[sha256].read(size)
    finally:
        for content in opened.values():
            content.close()


def _proven(service: Service, repo: Repo, file: ShardFile) -> bool:
    """Whether the repository has the content of a file already."""
    if not file.sha256 or not service.blobs.has(file.sha256):
        return False
    with service.database.reading() as connection:
        row = connection.execute(
            "SELECT size FROM holdings WHERE repo = ? AND sha256 = ?", (repo.id, file.sha256)
        ).fetchone()
    return row is not None and row[0] == sum(term.size for term in file.terms)


def _dissolve(service: Service, account: int, places: _Places) -> None:
    """Remove xorbs all of whose chunks lie in contents."""
    for xorb in list(places._known):
        path = xorb_path(service, account, xorb)
        try:
            with path.open("rb") as file:
                count = count_chunks(file, path.stat().st_size)
        except FileNotFoundError:
            continue
        if len(places.of(xorb)) >= count:
            path.unlink(missing_ok=True)


def _packed(known: dict[int, tuple[str, int, int]]) -> bytes:
    parts = []
    for index in sorted(known):
        sha256, offset, size = known[index]
        parts.append(struct.pack("<I", index) + _PLACE.pack(bytes.fromhex(sha256), offset, size))
    return b"".join(parts)


def _unpacked(data: bytes) -> dict[int, tuple[str, int, int]]:
    found = {}
    for start in range(0, len(data), 4 + _PLACE.size):
        (index,) = struct.unpack_from("<I", data, start)
        raw, offset, size = _PLACE.unpack_from(data, start + 4)
        found[index] = (raw.hex(), offset, size)
    return found
