"""Commits and the branches, tags and pull requests that point at them.

A commit is a snapshot, its parents, and who wrote what when. Its id is a hash of all that, or the one that an
upstream gave it. Knows nothing of contents.
"""

from __future__ import annotations

import hashlib
import heapq
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub_mirror.catalogue.repos import Repo
from hub_mirror.clock import now
from hub_mirror.names import is_oid
from hub_mirror.refusals import Refusal, conflict, no_revision
from hub_mirror.snapshots import Entry, Snapshot

__all__ = [
    "HEADS",
    "MAIN",
    "PULLS",
    "TAGS",
    "Commit",
    "add_commit",
    "by_number",
    "delete_ref",
    "find_commit",
    "find_ref",
    "history",
    "list_refs",
    "make_ref",
    "merge_base",
    "move_ref",
    "next_number",
    "reachable",
    "resolve",
    "resolve_ref",
]

HEADS = "refs/heads/"
TAGS = "refs/tags/"
MAIN = "refs/heads/main"
PULLS = "refs/pr/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """A commit; `seq` is its number in the catalogue, `tree` the name of its snapshot."""

    seq: int
    oid: str
    tree: str
    parents: tuple[str, ...]
    title: str
    message: str
    author: str
    date: str


def find_ref(connection: sqlite3.Connection, repo: Repo, name: str) -> str:
    """Commit that a full ref name points at; empty if there is no such ref."""
    row = connection.execute("SELECT oid FROM refs WHERE repo = ? AND name = ?", (repo.id, name)).fetchone()
    return row[0] if row else ""


def list_refs(connection: sqlite3.Connection, repo: Repo) -> list[tuple[str, str]]:
    """Full names and commits of all refs, by name."""
    rows = connection.execute("SELECT name, oid FROM refs WHERE repo = ? ORDER BY name", (repo.id,))
    return [(row[0], row[1]) for row in rows]


def make_ref(connection: sqlite3.Connection, repo: Repo, name: str, oid: str, message: str = "") -> None:
    """Make a ref.

    Raises
    ------
    Refusal
        409 where there is one.
    """
    try:
        connection.execute("INSERT INTO refs VALUES (?, ?, ?, ?)", (repo.id, name, oid, message))
    except sqlite3.IntegrityError as error:
        short = name.removeprefix(HEADS).removeprefix(TAGS)
        raise conflict(f"Reference already exists: {short}") from error


def move_ref(connection: sqlite3.Connection, repo: Repo, name: str, oid: str) -> None:
    """Point a ref at a commit, making it if need be; `main` is also what lists show."""
    connection.execute(
        "INSERT INTO refs (repo, name, oid) VALUES (?, ?, ?) ON CONFLICT (repo, name) DO UPDATE SET oid = excluded.oid",
        (repo.id, name, oid),
    )
    if name == MAIN:
        connection.execute("UPDATE repos SET head = ?, modified = ? WHERE id = ?", (oid, now(), repo.id))


def delete_ref(connection: sqlite3.Connection, repo: Repo, name: str) -> None:
    """Remove a ref; its commits go with the next collection.

    Raises
    ------
    Refusal
        404 where there is none.
    """
    if not connection.execute("DELETE FROM refs WHERE repo = ? AND name = ?", (repo.id, name)).rowcount:
        raise no_revision(name.removeprefix(HEADS).removeprefix(TAGS))


def resolve_ref(connection: sqlite3.Connection, repo: Repo, revision: str) -> str:
    """Full name of the branch, tag or pull request that a revision names; empty if it names none."""
    names = [revision] if revision.startswith("refs/") else [HEADS + revision, TAGS + revision]
    return next((name for name in names if find_ref(connection, repo, name)), "")


def resolve(connection: sqlite3.Connection, repo: Repo, revision: str) -> Commit:
    """Commit that a branch, tag, pull request or (short) commit id names.

    Raises
    ------
    Refusal
        404 where it names none.
    """
    ref = resolve_ref(connection, repo, revision)
    oid = find_ref(connection, repo, ref) if ref else revision
    found = find_commit(connection, repo, oid)
    if found is None and len(revision) >= 7 and all(letter in "0123456789abcdef" for letter in revision):
        rows = connection.execute(
            "SELECT oid FROM commits WHERE repo = ? AND oid >= ? AND oid < ? LIMIT 2",
            (repo.id, revision, revision + "g"),
        ).fetchall()
        found = find_commit(connection, repo, rows[0][0]) if len(rows) == 1 else None
    if found is None:
        raise no_revision(revision)
    return found


def find_commit(connection: sqlite3.Connection, repo: Repo, oid: str) -> Commit | None:
    """Commit of that full id."""
    if not is_oid(oid):
        return None
    row = connection.execute("SELECT * FROM commits WHERE repo = ? AND oid = ?", (repo.id, oid)).fetchone()
    return _commit(row) if row else None


def by_number(connection: sqlite3.Connection, numbers: set[int]) -> Mapping[int, Commit]:
    """Commits by their number."""
    found = {}
    for number in numbers:
        row = connection.execute("SELECT * FROM commits WHERE seq = ?", (number,)).fetchone()
        if row:
            found[number] = _commit(row)
    return found


def next_number(connection: sqlite3.Connection) -> int:
    """Number that the next commit gets; the caller is the only writer."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'commits'").fetchone()
    return (row[0] if row else 0) + 1


def add_commit(
    connection: sqlite3.Connection,
    repo: Repo,
    snapshot: Snapshot,
    edits: Mapping[str, Entry | None],
    *,
    parents: tuple[str, ...],
    title: str,
    message: str,
    author: str,
    oid: str = "",
    date: str = "",
) -> Commit:
    """Write a commit that changes a snapshot; no ref points at it yet.

    Parameters
    ----------
    oid, date
        As an upstream gave them; made here where there is none.

    Raises
    ------
    Refusal
        400 where a file would lie below a file.
    """
    _check_folders(snapshot, edits)
    tree = snapshot.changed(edits)
    date = date or now()
    oid = oid or _oid(repo, tree, parents, title, message, author, date)
    seq = next_number(connection)
    connection.execute(
        "INSERT INTO commits (seq, repo, oid, tree, parents, title, message, author, date)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, repo.id, oid, tree, " ".join(parents), title, message, author, date),
    )
    return Commit(seq=seq, oid=oid, tree=tree, parents=parents, title=title, message=message, author=author, date=date)


def history(connection: sqlite3.Connection, repo: Repo, start: str) -> Iterator[Commit]:
    """A commit and all before it, the newest first."""
    queue: list[tuple[int, Commit]] = []
    seen: set[str] = set()

    def add(oid: str) -> None:
        if oid not in seen and (commit := find_commit(connection, repo, oid)):
            seen.add(oid)
            heapq.heappush(queue, (-commit.seq, commit))

    add(start)
    while queue:
        _, commit = heapq.heappop(queue)
        yield commit
        for parent in commit.parents:
            add(parent)


def reachable(connection: sqlite3.Connection, repo: Repo, starts: set[str]) -> set[str]:
    """Ids of all commits that some commits stand on, themselves included."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        oid = waiting.pop()
        if oid in found:
            continue
        found.add(oid)
        row = connection.execute("SELECT parents FROM commits WHERE repo = ? AND oid = ?", (repo.id, oid)).fetchone()
        waiting += row[0].split() if row else []
    return found


def merge_base(connection: sqlite3.Connection, repo: Repo, ours: str, theirs: str) -> Commit | None:
    """Newest commit that both stand on."""
    known = reachable(connection, repo, {ours})
    return next((commit for commit in history(connection, repo, theirs) if commit.oid in known), None)


def _check_folders(snapshot: Snapshot, edits: Mapping[str, Entry | None]) -> None:
    added = {path for path, entry in edits.items() if entry is not None}
    folders: set[str] = set()
    for path in added:
        while (path := path.rpartition("/")[0]) and path not in folders:
            folders.add(path)
    for folder in folders:
        if folder in added or (folder not in edits and snapshot.get(folder)):
            raise Refusal(400, f"'{folder}' is a file: no other can lie below it")
    for path in added:
        below = snapshot.scan(f"{path}/", f"{path}/\U0010ffff") if not snapshot.get(path) else ()
        if path in folders or any(edits.get(entry.path, entry) is not None for entry in below):
            raise Refusal(400, f"'{path}' is a folder: no file can take its name")


def _oid(repo: Repo, tree: str, parents: tuple[str, ...], *texts: str) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    for text in (repo.kind, repo.created, str(repo.id), tree, *parents, *texts):
        data = text.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _commit(row: sqlite3.Row) -> Commit:
    return Commit(
        seq=row["seq"],
        oid=row["oid"],
        tree=row["tree"],
        parents=tuple(row["parents"].split()),
        title=row["title"],
        message=row["message"],
        author=row["author"],
        date=row["date"],
    )
