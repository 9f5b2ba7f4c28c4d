"""Which contents are there, and which repository holds which.

A repository may only commit what was uploaded to it or what it holds already: knowing the hash of a content is not
having it. Knows nothing of files on the disk.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable

from hub_mirror.catalogue.repos import Repo
from hub_mirror.refusals import Refusal

__all__ = ["check_quota", "hold", "holds", "known_oid", "used"]


def hold(connection: sqlite3.Connection, repo: Repo, sha256: str, size: int, oid: str = "") -> None:
    """Note that a content is on the disk and that a repository has it.

    Parameters
    ----------
    oid
        Git object id, for contents that an upstream names by it.
    """
    moment = time.time()
    connection.execute("INSERT OR IGNORE INTO objects VALUES (?, ?, ?)", (sha256, size, moment))
    connection.execute(
        "INSERT INTO holdings VALUES (?, ?, ?, ?, ?) ON CONFLICT (repo, sha256) DO UPDATE SET added = excluded.added,"
        " oid = CASE excluded.oid WHEN '' THEN holdings.oid ELSE excluded.oid END",
        (repo.id, sha256, oid, size, moment),
    )


def holds(connection: sqlite3.Connection, repo: Repo, sha256: str) -> int | None:
    """Size of a content that a repository has; `None` if it has not."""
    row = connection.execute("SELECT size FROM holdings WHERE repo = ? AND sha256 = ?", (repo.id, sha256)).fetchone()
    return row[0] if row else None


def known_oid(connection: sqlite3.Connection, repo: Repo, oid: str) -> str:
    """Sha256 of the content that a repository has under a git object id; empty if it has none."""
    row = connection.execute("SELECT sha256 FROM holdings WHERE repo = ? AND oid = ?", (repo.id, oid)).fetchone()
    return row[0] if row else ""


def used(connection: sqlite3.Connection, owner: int) -> int:
    """Bytes of everything that an account's repositories hold, history included."""
    row = connection.execute(
        "SELECT SUM(holdings.size) FROM holdings JOIN repos ON repos.id = holdings.repo WHERE repos.owner = ?", (owner,)
    ).fetchone()
    return int(row[0] or 0)


def check_quota(connection: sqlite3.Connection, repo: Repo, sizes: Iterable[int]) -> None:
    """Refuse what would not fit the owner's quota.

    Raises
    ------
    Refusal
        403, with how much there is.
    """
    quota = connection.execute("SELECT quota FROM accounts WHERE id = ?", (repo.owner,)).fetchone()[0]
    if quota is None:
        return
    taken, more = used(connection, repo.owner), sum(sizes)
    if taken + more > quota:
        raise Refusal(
            403,
            f"Storage limit of '{repo.author}' reached: {taken} of {quota} bytes are used, and this takes {more} more",
        )
