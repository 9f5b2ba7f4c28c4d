"""Verifies the whole store: every content against its name, every commit against its pages and contents.

Reads alone, beside a running server. Knows nothing of how to mend what it finds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from hub_mirror.catalogue.holdings import known_oid
from hub_mirror.catalogue.repos import from_row
from hub_mirror.service import Service

__all__ = ["check"]

_PIECE = 2**22


def check(service: Service, *, quick: bool = False, tick: Callable[[int], None] = lambda _: None) -> Iterator[str]:
    """Faults, as they are found.

    Parameters
    ----------
    quick
        Look at sizes alone, and read no content.
    tick
        Called with the bytes that were read.
    """
    connection = service.database.connection
    for row in connection.execute("PRAGMA integrity_check").fetchall():
        if row[0] != "ok":
            yield f"the catalogue is damaged: {row[0]}"
    for row in connection.execute("PRAGMA foreign_key_check").fetchall():
        yield f"the catalogue is damaged: a row of {row[0]} refers to nothing"
    bad: set[str] = set()
    for sha256, size in connection.execute("SELECT sha256, size FROM objects ORDER BY sha256").fetchall():
        fault = _content_fault(service.blobs.path(sha256), sha256, size, quick=quick, tick=tick)
        if fault:
            bad.add(sha256)
            yield f"content {sha256} {fault}; it belongs to {', '.join(_holders(service, sha256)) or 'nobody'}"
    yield from _commit_faults(service, bad)


def _content_fault(path: Path, sha256: str, size: int, *, quick: bool, tick: Callable[[int], None]) -> str:
    try:
        if path.stat().st_size != size:
            return f"has {path.stat().st_size} bytes instead of {size}"
        if quick:
            return ""
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                tick(len(piece))
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    return "" if digest.hexdigest() == sha256 else "is damaged: its hash is another"


def _commit_faults(service: Service, bad: set[str]) -> Iterator[str]:
    connection = service.database.connection
    known = {row[0] for row in connection.execute("SELECT sha256 FROM objects")}
    for repo in [from_row(row) for row in connection.execute("SELECT * FROM repos ORDER BY fullname").fetchall()]:
        oids = {row[0] for row in connection.execute("SELECT oid FROM commits WHERE repo = ?", (repo.id,))}
        for name, oid in connection.execute("SELECT name, oid FROM refs WHERE repo = ?", (repo.id,)).fetchall():
            if oid not in oids:
                yield f"{repo.fullname}: {name} points at the commit {oid}, which is not there"
        seen: set[str] = set()
        for oid, tree in connection.execute("SELECT oid, tree FROM commits WHERE repo = ?", (repo.id,)).fetchall():
            try:
                for entry in service.snapshots.open(connection, tree).entries_of_new_pages(seen):
                    sha256 = entry.sha256 or known_oid(connection, repo, entry.oid)
                    missing = sha256 not in known or sha256 in bad
                    if missing and not repo.upstream:
                        yield f"{repo.fullname}@{oid[:12]}: the content of '{entry.path}' is missing or damaged"
            except Exception as error:  # whatever a damaged page does to its decoder
                yield f"{repo.fullname}@{oid[:12]}: its list of files cannot be read: {error}"


def _holders(service: Service, sha256: str) -> list[str]:
    rows = service.database.connection.execute(
        "SELECT fullname FROM repos JOIN holdings ON holdings.repo = repos.id WHERE sha256 = ? ORDER BY fullname",
        (sha256,),
    )
    return [row[0] for row in rows]
