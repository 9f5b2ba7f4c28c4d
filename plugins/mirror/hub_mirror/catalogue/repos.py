"""Repositories: made, found, moved, deleted, and what each caller may do with one.

Knows nothing of commits or contents.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from hub_mirror.catalogue.accounts import Account, Caller, find_account
from hub_mirror.clock import now
from hub_mirror.names import check_repository, key
from hub_mirror.refusals import conflict, forbidden, no_repository

__all__ = [
    "Repo",
    "add_repo",
    "delete_repo",
    "find_repo",
    "from_row",
    "get_repo",
    "may_administer",
    "may_read",
    "may_write",
    "move_repo",
    "namespace_for",
    "reload",
    "require",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Repo:
    """A repository. `gated` is empty, `auto` or `manual`; `upstream` is where missing files come from, if anywhere."""

    id: int
    kind: str
    owner: int
    fullname: str
    creator: int | None
    private: bool
    gated: str
    created: str
    modified: str
    downloads: int
    upstream: str
    checked: float
    sdk: str
    head: str
    task: str
    library: str
    tags: str
    card: str
    config: str
    size: int

    @property
    def author(self) -> str:
        """Name of the owner."""
        return self.fullname.partition("/")[0]

    @property
    def prefix(self) -> str:
        """What stands before the name in the address of its page."""
        return "" if self.kind == "model" else f"{self.kind}s/"


_COLUMNS = ", ".join(name for name in Repo.__dataclass_fields__)


def find_repo(connection: sqlite3.Connection, kind: str, name: str) -> Repo | None:
    """Repository of that id, or of one that it had before it moved."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM repos WHERE kind = ? AND key = ?", (kind, key(name))).fetchone()  # noqa: S608  # columns are ours, values are bound
    if row is None:
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM repos WHERE id = (SELECT repo FROM aliases WHERE kind = ? AND key = ?)",  # noqa: S608  # columns are ours, values are bound
            (kind, key(name)),
        ).fetchone()
    return from_row(row) if row else None


def get_repo(connection: sqlite3.Connection, kind: str, name: str, caller: Caller) -> Repo:
    """Repository that the caller may see.

    Raises
    ------
    Refusal
        It is not there, or may not be seen: 401 without a token, else 404.
    """
    found = find_repo(connection, kind, name)
    if found is None or not may_read(caller, found):
        raise no_repository(name, known=caller.known)
    return found


def reload(connection: sqlite3.Connection, repo: Repo) -> Repo:
    """The repository as it is now.

    Raises
    ------
    Refusal
        It has been deleted.
    """
    row = connection.execute(f"SELECT {_COLUMNS} FROM repos WHERE id = ?", (repo.id,)).fetchone()  # noqa: S608  # columns are ours, values are bound
    if row is None:
        raise no_repository(repo.fullname, known=True)
    return from_row(row)


def from_row(row: sqlite3.Row) -> Repo:
    """Repository of a row that holds its columns."""
    values = {name: row[name] for name in Repo.__dataclass_fields__}
    return Repo(**{**values, "private": bool(values["private"])})


def may_read(caller: Caller, repo: Repo) -> bool:
    """Whether the caller may see it; whether its files may be had is for the gate to say."""
    return not repo.private or caller.admin or repo.owner == caller.id or repo.owner in caller.orgs


def may_write(caller: Caller, repo: Repo) -> bool:
    """Whether the caller may change what it holds."""
    role = caller.orgs.get(repo.owner, "")
    own = repo.owner == caller.id or role in {"write", "admin"}
    return caller.writes and (caller.admin or own or (role == "contributor" and repo.creator == caller.id))


def may_administer(caller: Caller, repo: Repo) -> bool:
    """Whether the caller may change who sees it, move it and delete it."""
    role = caller.orgs.get(repo.owner, "")
    own = repo.owner == caller.id or role == "admin"
    return caller.writes and (caller.admin or own or (role in {"contributor", "write"} and repo.creator == caller.id))


def require(allowed: bool, caller: Caller, repo: Repo) -> None:
    """Refuse what is not allowed: 401 without a token, else 403."""
    if allowed:
        return
    if not caller.known:
        raise no_repository(repo.fullname, known=False)
    token = "" if caller.writes else ": your token is for reading alone"
    raise forbidden(f"You may not change {repo.fullname}{token}")


def namespace_for(connection: sqlite3.Connection, caller: Caller, name: str) -> Account:
    """Account under which the caller may make a repository.

    Raises
    ------
    Refusal
        401 without a token, 403 without the right.
    """
    if caller.account is None:
        raise no_repository(name, known=False)
    account = find_account(connection, name) if name else caller.account
    role = caller.orgs.get(account.id, "") if account else ""
    mine = account is not None and (
        account.id == caller.id or role in {"contributor", "write", "admin"} or caller.admin
    )
    if account is None or not mine or not caller.writes:
        token = "" if caller.writes else ": your token is for reading alone"
        raise forbidden(f'You may not make repositories under the namespace "{name}"{token}')
    return account


def add_repo(
    connection: sqlite3.Connection,
    kind: str,
    owner: Account,
    name: str,
    *,
    creator: int | None = None,
    private: bool = False,
    sdk: str = "",
    upstream: str = "",
) -> Repo:
    """Make an empty repository.

    Raises
    ------
    Refusal
        409 where there is one, 400 for a name that cannot be.
    """
    fullname = f"{owner.name}/{check_repository(name)}"
    moment = now()
    connection.execute("DELETE FROM aliases WHERE kind = ? AND key = ?", (kind, key(fullname)))
    try:
        connection.execute(
            "INSERT INTO repos"
            " (kind, owner, fullname, key, creator, private, created, modified, sdk, upstream, checked)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (kind, owner.id, fullname, key(fullname), creator, private, moment, moment, sdk, upstream, time.time()),
        )
    except sqlite3.IntegrityError as error:
        raise conflict(f"You already created this {kind} repo") from error
    found = find_repo(connection, kind, fullname)
    assert found is not None
    return found


def delete_repo(connection: sqlite3.Connection, repo: Repo) -> None:
    """Forget a repository with its history; its contents go with the next collection."""
    connection.execute("DELETE FROM repos WHERE id = ?", (repo.id,))


def move_repo(connection: sqlite3.Connection, repo: Repo, owner: Account, name: str) -> None:
    """Give it another name; the old one leads to it from now on.

    Raises
    ------
    Refusal
        409 where there is one of that name.
    """
    fullname = f"{owner.name}/{check_repository(name)}"
    connection.execute("DELETE FROM aliases WHERE kind = ? AND key = ?", (repo.kind, key(fullname)))
    try:
        connection.execute(
            "UPDATE repos SET owner = ?, fullname = ?, key = ? WHERE id = ?",
            (owner.id, fullname, key(fullname), repo.id),
        )
    except sqlite3.IntegrityError as error:
        raise conflict(f"There is a {repo.kind} {fullname} already") from error
    if key(fullname) != key(repo.fullname):
        connection.execute("INSERT OR REPLACE INTO aliases VALUES (?, ?, ?)", (repo.kind, key(repo.fullname), repo.id))
