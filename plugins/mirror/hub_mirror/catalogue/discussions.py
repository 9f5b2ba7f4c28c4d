"""Discussions and pull requests, and what happened in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import msgspec

from hub_mirror.catalogue.repos import Repo
from hub_mirror.clock import now
from hub_mirror.refusals import Refusal

__all__ = [
    "add_event",
    "events_of",
    "find_discussion",
    "list_discussions",
    "open_discussion",
    "set_status",
    "set_title",
]


def open_discussion(
    connection: sqlite3.Connection,
    repo: Repo,
    *,
    title: str,
    text: str,
    author: str,
    pull: bool,
    base: str = "",
    fork: str = "",
    status: str = "open",
) -> int:
    """Open one; its number.

    Parameters
    ----------
    base, fork
        Of a pull request: the ref that it would be merged into, and the commit at which it left it.
    """
    row = connection.execute("SELECT MAX(num) FROM discussions WHERE repo = ?", (repo.id,)).fetchone()
    number = (row[0] or 0) + 1
    connection.execute(
        "INSERT INTO discussions (repo, num, title, status, pull, base, fork, author, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (repo.id, number, title, status, pull, base, fork, author, now()),
    )
    add_event(connection, repo, number, "comment", author, {"text": text, "history": []})
    return number


def find_discussion(connection: sqlite3.Connection, repo: Repo, number: int) -> sqlite3.Row:
    """Discussion of that number.

    Raises
    ------
    Refusal
        404 where there is none.
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM discussions WHERE repo = ? AND num = ?", (repo.id, number)
    ).fetchone()
    if row is None:
        raise Refusal(404, f"{repo.fullname} has no discussion {number}")
    return row


def list_discussions(
    connection: sqlite3.Connection, repo: Repo, *, pull: bool | None, status: str, author: str
) -> list[sqlite3.Row]:
    """Discussions, the newest first. `status` is empty, `open` (drafts too) or `closed` (merged too)."""
    where, values = ["repo = ?"], list[object]([repo.id])
    if pull is not None:
        where.append("pull = ?")
        values.append(pull)
    if status:
        where.append("status IN (?, ?)")
        values += ["open", "draft"] if status == "open" else ["closed", "merged"]
    if author:
        where.append("author = ? COLLATE NOCASE")
        values.append(author)
    query = f"SELECT * FROM discussions WHERE {' AND '.join(where)} ORDER BY num DESC"  # noqa: S608  # values are bound
    return connection.execute(query, values).fetchall()


def add_event(
    connection: sqlite3.Connection, repo: Repo, number: int, kind: str, author: str, data: Mapping[str, object]
) -> int:
    """Note what happened; its number."""
    cursor = connection.execute(
        "INSERT INTO events (repo, num, kind, author, created, data) VALUES (?, ?, ?, ?, ?, ?)",
        (repo.id, number, kind, author, now(), msgspec.json.encode(data).decode()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def events_of(connection: sqlite3.Connection, repo: Repo, number: int) -> list[sqlite3.Row]:
    """What happened in one, in order."""
    return connection.execute(
        "SELECT * FROM events WHERE repo = ? AND num = ? ORDER BY id", (repo.id, number)
    ).fetchall()


def set_status(connection: sqlite3.Connection, repo: Repo, number: int, status: str, merged: str = "") -> None:
    """Open, close or merge one."""
    connection.execute(
        "UPDATE discussions SET status = ?, merged = ? WHERE repo = ? AND num = ?", (status, merged, repo.id, number)
    )


def set_title(connection: sqlite3.Connection, repo: Repo, number: int, title: str) -> None:
    """Call one something else."""
    connection.execute("UPDATE discussions SET title = ? WHERE repo = ? AND num = ?", (title, repo.id, number))
