"""Users, organisations, their members and their tokens.

A token is shown once; the catalogue keeps its sha256. Knows nothing of HTTP or repositories.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.errors import NotFound, UsageError
from hub_mirror.clock import now
from hub_mirror.names import check_account
from hub_mirror.refusals import Refusal

__all__ = [
    "ANYBODY",
    "ROLES",
    "Account",
    "Caller",
    "add_account",
    "add_member",
    "add_token",
    "caller_of",
    "ensure_org",
    "find_account",
    "get_account",
    "list_accounts",
    "list_tokens",
    "members_of",
    "remove_account",
    "remove_member",
    "remove_token",
    "set_quota",
]

ROLES = ("read", "contributor", "write", "admin")
"""What a member may do: see · also make repositories and write to those · write to all · also settings and removal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A user or an organisation. `quota` is in bytes, `None` for none."""

    id: int
    name: str
    kind: str
    fullname: str
    email: str
    admin: bool
    quota: int | None
    created: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks: the account of a token, what the token may do, and the roles in organisations by their id."""

    account: Account | None = None
    token: str = ""
    writes: bool = False
    orgs: Mapping[int, str] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether a token was shown."""
        return self.account is not None

    @property
    def name(self) -> str:
        """Name of the account; `-` for anybody."""
        return self.account.name if self.account else "-"

    @property
    def id(self) -> int:
        """Id of the account; 0 for anybody."""
        return self.account.id if self.account else 0

    @property
    def admin(self) -> bool:
        """Whether the whole hub is theirs to run."""
        return self.account is not None and self.account.admin


ANYBODY = Caller()


def add_account(
    connection: sqlite3.Connection,
    name: str,
    *,
    kind: str,
    fullname: str = "",
    email: str = "",
    admin: bool = False,
    quota: int | None = None,
) -> Account:
    """Make a user (`kind="user"`) or an organisation (`"org"`).

    Raises
    ------
    UsageError
        The name is taken, or cannot be one.
    """
    try:
        check_account(name)
    except Refusal as error:
        raise UsageError(error.message) from error
    try:
        connection.execute(
            "INSERT INTO accounts (name, kind, fullname, email, admin, quota, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (name, kind, fullname, email, admin, quota, now()),
        )
    except sqlite3.IntegrityError as error:
        raise UsageError(f"there is an account '{name}' already") from error
    return get_account(connection, name)


def ensure_org(connection: sqlite3.Connection, name: str) -> Account:
    """Account of that name; an organisation without members is made where there is none."""
    return find_account(connection, name) or add_account(connection, name, kind="org")


def find_account(connection: sqlite3.Connection, name: str) -> Account | None:
    """Account of that name, whatever its case."""
    row = connection.execute("SELECT * FROM accounts WHERE name = ?", (name,)).fetchone()
    return _account(row) if row else None


def get_account(connection: sqlite3.Connection, name: str, kind: str = "") -> Account:
    """Account of that name.

    Raises
    ------
    NotFound
        There is none of that kind.
    """
    found = find_account(connection, name)
    if found is None or (kind and found.kind != kind):
        word = {"user": "user", "org": "organisation"}.get(kind, "account")
        raise NotFound(f"there is no {word} '{name}'", hint=f"See: hub mirror {kind or 'user'} list")
    return found


def list_accounts(connection: sqlite3.Connection, kind: str) -> list[Account]:
    """All accounts of a kind, by name."""
    return [_account(row) for row in connection.execute("SELECT * FROM accounts WHERE kind = ? ORDER BY name", (kind,))]


def remove_account(connection: sqlite3.Connection, name: str, kind: str) -> None:
    """Remove an account with its tokens and memberships.

    Raises
    ------
    UsageError
        It still owns repositories.
    """
    account = get_account(connection, name, kind)
    owned = connection.execute("SELECT COUNT(*) FROM repos WHERE owner = ?", (account.id,)).fetchone()[0]
    if owned:
        raise UsageError(f"'{name}' owns {owned} repositories", hint="Delete or move them first: hf repos delete")
    connection.execute("DELETE FROM accounts WHERE id = ?", (account.id,))


def set_quota(connection: sqlite3.Connection, name: str, quota: int | None) -> None:
    """Limit the bytes that an account's repositories may take."""
    connection.execute("UPDATE accounts SET quota = ? WHERE id = ?", (quota, get_account(connection, name).id))


def add_member(connection: sqlite3.Connection, org: str, user: str, role: str) -> None:
    """Give a user a role in an organisation, or another one."""
    connection.execute(
        "INSERT INTO members VALUES (?, ?, ?) ON CONFLICT (org, account) DO UPDATE SET role = excluded.role",
        (get_account(connection, org, "org").id, get_account(connection, user, "user").id, role),
    )


def remove_member(connection: sqlite3.Connection, org: str, user: str) -> None:
    """Take a user out of an organisation.

    Raises
    ------
    NotFound
        It is no member.
    """
    pair = (get_account(connection, org, "org").id, get_account(connection, user, "user").id)
    if not connection.execute("DELETE FROM members WHERE org = ? AND account = ?", pair).rowcount:
        raise NotFound(f"'{user}' is no member of '{org}'")


def members_of(connection: sqlite3.Connection, org: str) -> list[tuple[Account, str]]:
    """Members of an organisation with their roles, by name."""
    rows = connection.execute(
        "SELECT accounts.*, members.role FROM members JOIN accounts ON accounts.id = members.account"
        " WHERE members.org = ? ORDER BY accounts.name",
        (get_account(connection, org, "org").id,),
    )
    return [(_account(row), row["role"]) for row in rows]


def add_token(connection: sqlite3.Connection, user: str, name: str, *, role: str, expires: str | None = None) -> str:
    """Make a token and give it out, this once.

    Raises
    ------
    UsageError
        The user has one of that name.
    """
    account = get_account(connection, user, "user")
    token = "hf_" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") for _ in range(34))
    try:
        connection.execute(
            "INSERT INTO tokens (account, name, digest, role, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
            (account.id, name, _digest(token), role, now(), expires),
        )
    except sqlite3.IntegrityError as error:
        raise UsageError(
            f"'{user}' has a token '{name}' already", hint="Choose another --name, or revoke it"
        ) from error
    return token


def list_tokens(connection: sqlite3.Connection, user: str) -> list[sqlite3.Row]:
    """Tokens of a user: name, role, created, expires."""
    account = get_account(connection, user, "user")
    return connection.execute(
        "SELECT name, role, created, expires FROM tokens WHERE account = ? ORDER BY name", (account.id,)
    ).fetchall()


def remove_token(connection: sqlite3.Connection, user: str, name: str) -> None:
    """Revoke a token at once.

    Raises
    ------
    NotFound
        There is none of that name.
    """
    account = get_account(connection, user, "user")
    gone = connection.execute("DELETE FROM tokens WHERE account = ? AND name = ?", (account.id, name)).rowcount
    if not gone:
        raise NotFound(f"'{user}' has no token '{name}'", hint=f"See: hub mirror token list {user}")


def caller_of(connection: sqlite3.Connection, token: str) -> Caller | None:
    """Who a token stands for; `None` if it is unknown or has expired."""
    row = connection.execute(
        "SELECT accounts.*, tokens.name AS token, tokens.role AS role FROM tokens JOIN accounts"
        " ON accounts.id = tokens.account WHERE digest = ? AND (expires IS NULL OR expires > ?)",
        (_digest(token), now()),
    ).fetchone()
    if row is None:
        return None
    account = _account(row)
    orgs = connection.execute("SELECT org, role FROM members WHERE account = ?", (account.id,))
    return Caller(account=account, token=row["token"], writes=row["role"] == "write", orgs=dict(map(tuple, orgs)))


def _account(row: sqlite3.Row) -> Account:
    return Account(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        fullname=row["fullname"],
        email=row["email"],
        admin=bool(row["admin"]),
        quota=row["quota"],
        created=row["created"],
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
