"""Removes contents, pages and commits that nothing refers to any more, beside a running server.

Cannot race a writer: what a repository refers to is decided inside a transaction, so a commit comes before it (and
is seen) or after it (and finds its contents gone, says so, and is sent again). Contents are removed while nobody
publishes. What was uploaded lately stays, for a commit that is still on its way.
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hub_mirror.catalogue.commits import list_refs, reachable
from hub_mirror.catalogue.holdings import known_oid
from hub_mirror.catalogue.repos import Repo, from_row
from hub_mirror.service import Service

__all__ = ["Collected", "collect"]

_BATCH = 500
_YOUNG = 3600.0  # what is younger may be on its way, whatever the grace


@dataclass
class Collected:
    """What was removed, or would be."""

    commits: int = 0
    contents: int = 0
    bytes: int = 0
    pages: int = 0
    leftovers: int = 0


def collect(service: Service, *, grace: float = 86_400.0, dry: bool = False) -> Collected:
    """Collect.

    Parameters
    ----------
    grace
        Seconds for which an upload without a commit is kept.
    dry
        Only count. Contents that go with commits which would go are not among them.
    """
    found = Collected()
    before = time.time() - grace
    rows = service.database.connection.execute("SELECT * FROM repos").fetchall()
    for repo in map(from_row, rows):
        _forget_commits(service, repo, found, dry=dry)
        _forget_holdings(service, repo, before, dry=dry)
    _remove_contents(service, before, found, dry=dry)
    _remove_pages(service, found, dry=dry)
    _remove_leftovers(service, min(before, time.time() - _YOUNG), found, dry=dry)
    return found


def _forget_commits(service: Service, repo: Repo, found: Collected, *, dry: bool) -> None:
    with service.database.writing() as connection:
        live = reachable(connection, repo, {oid for _, oid in list_refs(connection, repo)})
        live |= {row[0] for row in connection.execute("SELECT fork FROM discussions WHERE repo = ?", (repo.id,))}
        all_ = {row[0] for row in connection.execute("SELECT oid FROM commits WHERE repo = ?", (repo.id,))}
        gone = set() if repo.upstream else all_ - live  # commits of an upstream are asked for by their ids
        found.commits += len(gone)
        if not dry:
            connection.executemany("DELETE FROM commits WHERE repo = ? AND oid = ?", [(repo.id, oid) for oid in gone])


def _forget_holdings(service: Service, repo: Repo, before: float, *, dry: bool) -> None:
    if dry:
        return
    used, last = set[str](), 0
    with service.database.reading() as connection:  # the long part, while others write
        last = _last(connection, repo)
        _mark(service, connection, repo, used, 0, last)
    with service.database.writing() as connection:
        _mark(service, connection, repo, used, last, _last(connection, repo))
        held = connection.execute("SELECT sha256 FROM holdings WHERE repo = ? AND added < ?", (repo.id, before))
        gone = [(repo.id, row[0]) for row in held if row[0] not in used]
        connection.executemany("DELETE FROM holdings WHERE repo = ? AND sha256 = ?", gone)


def _mark(service: Service, connection: sqlite3.Connection, repo: Repo, used: set[str], after: int, last: int) -> None:
    pages: set[str] = set()
    rows = connection.execute(
        "SELECT tree FROM commits WHERE repo = ? AND seq > ? AND seq <= ?", (repo.id, after, last)
    ).fetchall()
    for (tree,) in rows:
        snapshot = service.snapshots.open(connection, tree)
        for entry in snapshot.entries_of_new_pages(pages):
            used.add(entry.sha256 or known_oid(connection, repo, entry.oid))


def _last(connection: sqlite3.Connection, repo: Repo) -> int:
    return int(connection.execute("SELECT COALESCE(MAX(seq), 0) FROM commits WHERE repo = ?", (repo.id,)).fetchone()[0])


def _remove_contents(service: Service, before: float, found: Collected, *, dry: bool) -> None:
    query = (
        "SELECT sha256, size FROM objects WHERE added < ? AND NOT EXISTS"
        " (SELECT 1 FROM holdings WHERE holdings.sha256 = objects.sha256) LIMIT ?"
    )
    if dry:
        for _, size in service.database.connection.execute(query, (before, -1)):
            found.contents += 1
            found.bytes += size
        return
    removed = False
    while True:
        with service.blobs.sweeping():
            with service.database.writing() as connection:
                rows = connection.execute(query, (before, _BATCH)).fetchall()
                if rows and not removed:
                    _next_generation(connection)
                    removed = True
                connection.executemany("DELETE FROM objects WHERE sha256 = ?", [(row[0],) for row in rows])
            for sha256, size in rows:  # the rows are gone for good: a crash here leaves files that nothing names
                service.blobs.remove(sha256)
                found.contents += 1
                found.bytes += size
        if len(rows) < _BATCH:
            return


def _next_generation(connection: sqlite3.Connection) -> None:
    """What clients remember of Xet uploads to this hub does not hold any more."""
    connection.execute("INSERT INTO meta VALUES ('generation', '1') ON CONFLICT (name) DO UPDATE SET value = value + 1")
    connection.execute("DELETE FROM xorbs")


def _remove_pages(service: Service, found: Collected, *, dry: bool) -> None:
    with service.database.writing() as connection:
        live: set[str] = set()
        for (tree,) in connection.execute("SELECT DISTINCT tree FROM commits").fetchall():
            live.update(service.snapshots.open(connection, tree).page_names())
        gone = [row for row in connection.execute("SELECT hash FROM pages") if row[0] not in live]
        found.pages = len(gone)
        if not dry:
            connection.executemany("DELETE FROM pages WHERE hash = ?", [tuple(row) for row in gone])


def _remove_leftovers(service: Service, before: float, found: Collected, *, dry: bool) -> None:
    """What crashes left: halves of uploads, and files among the contents that no row names."""
    for folder in (service.places.incoming, service.places.parts, service.places.xorbs, service.places.run):
        for path in list(folder.rglob("*") if folder == service.places.xorbs else folder.iterdir()):
            if folder == service.places.run and not path.name.startswith(("fetch-", "repo-", "xet-")):
                continue
            if path.is_dir() and folder == service.places.xorbs:
                continue
            if _idle(path, before):
                found.leftovers += 1
                if not dry:
                    _remove(path)
    for path in service.blobs.all():
        if not _idle(path, before) or _named(service, path.name):
            continue
        with service.blobs.sweeping():
            if not _named(service, path.name):
                found.leftovers += 1
                if not dry:
                    path.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _named(service: Service, sha256: str) -> bool:
    row = service.database.connection.execute("SELECT 1 FROM objects WHERE sha256 = ?", (sha256,)).fetchone()
    return row is not None


def _idle(path: Path, before: float) -> bool:
    """Whether nobody has touched a file or folder for long, nor holds it now."""
    with suppress(OSError):
        if path.stat().st_mtime >= before:
            return False
        if path.is_dir():
            return all(child.stat().st_mtime < before for child in path.iterdir())
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
