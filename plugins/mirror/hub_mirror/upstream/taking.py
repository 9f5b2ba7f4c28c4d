"""Writes what another hub lists into the catalogue: its commit, under its own id, with all or some of its files.

Contents come later, or with `fetching`. Knows nothing of how the list was had.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection

import msgspec

from hub_mirror.catalogue.accounts import ensure_org
from hub_mirror.catalogue.commits import HEADS, MAIN, add_commit, find_commit, find_ref, move_ref, next_number
from hub_mirror.catalogue.holdings import hold, known_oid
from hub_mirror.catalogue.repos import Repo, add_repo, find_repo, reload
from hub_mirror.clock import now
from hub_mirror.names import is_oid
from hub_mirror.refusals import conflict
from hub_mirror.service import Service
from hub_mirror.snapshots import EMPTY, Entry, Snapshot
from hub_mirror.upstream.client import RemoteFile, RemoteRepo

__all__ = ["take"]


def take(
    connection: sqlite3.Connection,
    service: Service,
    kind: str,
    remote: RemoteRepo,
    revision: str,
    *,
    url: str,
    files: Collection[RemoteFile] | None = None,
) -> Repo:
    """Have a commit of another hub, and let the branch or tag that was asked for point at it.

    Parameters
    ----------
    files
        Those that are taken, where not all are; a later call may add more.

    Raises
    ------
    Refusal
        409 where a repository of that name was made here.
    """
    repo = _repo(connection, kind, remote, url)
    ref = revision if revision.startswith("refs/") else HEADS + revision
    parent = "" if is_oid(revision) else find_ref(connection, repo, ref)
    wanted = remote.files if files is None else files
    known = find_commit(connection, repo, remote.commit)
    if known is None:
        _commit(connection, service, repo, remote, wanted, parent)
    else:
        before = service.snapshots.open(connection, known.tree)
        edits = _edits(connection, repo, before, wanted, drop=False)
        if edits:
            connection.execute("UPDATE commits SET tree = ? WHERE seq = ?", (before.changed(edits), known.seq))
    for file in remote.files:
        if file.sha256 and service.blobs.has(file.sha256, file.size):
            hold(connection, repo, file.sha256, file.size)
    if not is_oid(revision):
        move_ref(connection, repo, ref, remote.commit)
    if ref == MAIN:
        _describe(connection, repo, remote)
    connection.execute("UPDATE repos SET checked = ? WHERE id = ?", (time.time(), repo.id))
    return reload(connection, repo)


def _repo(connection: sqlite3.Connection, kind: str, remote: RemoteRepo, url: str) -> Repo:
    """Repository that stands for the other hub's, made where there is none."""
    repo = find_repo(connection, kind, remote.id)
    if repo is None:
        namespace, _, short = remote.id.partition("/")
        owner = ensure_org(connection, namespace)
        repo = add_repo(connection, kind, owner, short, private=remote.private, sdk=remote.sdk, upstream=url)
        connection.execute("UPDATE repos SET gated = ? WHERE id = ?", (remote.gated, repo.id))
    elif not repo.upstream:
        raise conflict(f"{remote.id} was made on this hub: it is not replaced by the one of {url}")
    return repo


def _commit(
    connection: sqlite3.Connection,
    service: Service,
    repo: Repo,
    remote: RemoteRepo,
    wanted: Collection[RemoteFile],
    parent: str,
) -> None:
    base = find_commit(connection, repo, parent) if parent else None
    before = service.snapshots.open(connection, base.tree if base else EMPTY)
    add_commit(
        connection,
        repo,
        before,
        _edits(connection, repo, before, wanted, drop=True),
        parents=(parent,) if parent else (),
        title=f"Mirror of {remote.commit[:12]}",
        message="",
        author=repo.author,
        oid=remote.commit,
        date=remote.date or now(),
    )


def _describe(connection: sqlite3.Connection, repo: Repo, remote: RemoteRepo) -> None:
    """Let lists show what the other hub says of it."""
    card, tags = (msgspec.json.encode(value).decode() for value in (remote.card or None, remote.tags))
    size = sum(file.size for file in remote.files)
    connection.execute(
        "UPDATE repos SET card = ?, tags = ?, task = ?, library = ?, size = ? WHERE id = ?",
        (card, tags, remote.task, remote.library, size, repo.id),
    )
    connection.execute("DELETE FROM tags WHERE repo = ?", (repo.id,))
    connection.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", [(repo.id, tag) for tag in remote.tags])


def _edits(
    connection: sqlite3.Connection, repo: Repo, before: Snapshot, files: Collection[RemoteFile], *, drop: bool
) -> dict[str, Entry | None]:
    seq = next_number(connection)
    edits: dict[str, Entry | None] = {}
    for file in files:
        sha256 = file.sha256 or known_oid(connection, repo, file.oid)
        new = Entry(file.path, file.size, sha256, file.oid, bool(file.sha256), seq)
        if not new.same(before.get(file.path)):
            edits[file.path] = new
    if drop:
        names = {file.path for file in files}
        edits |= {entry.path: None for entry in before.scan() if entry.path not in names}
    return edits
