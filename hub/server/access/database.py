"""Keys, usage and the audit log in a database: SQLite in the home folder, or any other by its address.

The one module that imports SQLAlchemy. Blocks: for threads. Keeps no prompt, no answer and no key: of a key, its
sha256. Knows nothing of HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    RowMapping,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from hub.errors import StorageError, UsageError
from hub.server.access.keys import LONGEST, Key

__all__ = ["COUNTS", "Database", "Use"]

COUNTS = ("requests", "errors", "inputs", "prompt_tokens", "generated_tokens", "seconds")
_TABLES = MetaData()
_KEYS = Table(
    "keys",
    _TABLES,
    Column("id", String(16), primary_key=True),
    Column("name", String(LONGEST), unique=True, nullable=False),
    Column("digest", String(64), unique=True, nullable=False),
    Column("rights", Text, nullable=False),
    Column("made", String(32), nullable=False),
    Column("revoked", String(32)),
)
_USAGE = Table(
    "usage",
    _TABLES,
    Column("key", String(16)),
    Column("model", String(256)),
    Column("day", String(10)),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS[:-1]),
    Column("seconds", Float, nullable=False),
    PrimaryKeyConstraint("key", "model", "day"),
)
_AUDIT = Table(
    "audit",
    _TABLES,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("time", String(32), nullable=False),
    Column("key", String(16), nullable=False),
    Column("action", String(64), nullable=False),
    Column("detail", Text, nullable=False),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What a key used of a model on a day, in UTC."""

    key: str
    model: str
    day: str
    requests: int = 0
    errors: int = 0
    inputs: int = 0
    prompt_tokens: int = 0
    generated_tokens: int = 0
    seconds: float = 0.0

    def told(self, names: Mapping[str, str]) -> dict[str, object]:
        """What is shown of it, with the key's name instead of its id where it has one."""
        counts = {name: getattr(self, name) for name in COUNTS}
        key = names.get(self.key, self.key)
        return {"day": self.day, "key": key, "model": self.model, **counts, "seconds": round(self.seconds, 3)}


class Database:
    """One database. Safe from several threads.

    Parameters
    ----------
    address
        As SQLAlchemy writes it: `sqlite:////path`, `postgresql+psycopg://user@host/name`.

    Raises
    ------
    UsageError
        The address is none, or its driver is not installed.
    StorageError
        The database cannot be opened.
    """

    def __init__(self, address: str) -> None:
        try:
            url = make_url(address)
            if url.get_backend_name() == "sqlite" and url.database:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            self._engine = create_engine(url, pool_pre_ping=True)
        except (ArgumentError, ImportError) as error:
            raise UsageError(f"'{address}' is no database that can be used: {error}") from error
        if url.get_backend_name() == "sqlite":
            event.listen(self._engine, "connect", _steady)
        self._where = url.render_as_string(hide_password=True)
        with self._connected() as connection:
            _TABLES.create_all(connection)

    def add_key(self, key: Key) -> None:
        """Keep a key.

        Raises
        ------
        UsageError
            There is one of this name.
        """
        row = {"id": key.id, "name": key.name, "digest": key.digest, "rights": json.dumps(key.rights), "made": key.made}
        try:
            with self._connected() as connection:
                connection.execute(insert(_KEYS).values(row))
        except StorageError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise UsageError(f"there is a key '{key.name}' already", hint="See: hub keys list") from error
            raise

    def all_keys(self) -> list[Key]:
        """Every key, revoked ones too, in the order in which they were made."""
        with self._connected() as connection:
            rows = connection.execute(select(_KEYS).order_by(_KEYS.c.made, _KEYS.c.id)).mappings().all()
        return [_key(row) for row in rows]

    def revoke(self, name: str) -> Key:
        """Take a key's rights away, for good.

        Raises
        ------
        UsageError
            There is none of this name or id.
        """
        found = next((key for key in self.all_keys() if name in {key.name, key.id} and not key.revoked), None)
        if found is None:
            raise UsageError(f"there is no key '{name}' that could be revoked", hint="See: hub keys list")
        with self._connected() as connection:
            connection.execute(update(_KEYS).where(_KEYS.c.id == found.id).values(revoked=now()))
        return found

    def add_uses(self, uses: Iterable[Use]) -> None:
        """Add to what was used before."""
        with self._connected() as connection:
            for use in uses:
                _add(connection, use)

    def usage(self, *, since: str = "", until: str = "9999", key: str | None = None) -> list[Use]:
        """What was used from one day to another, both included, written as ISO 8601."""
        query = select(_USAGE).where(_USAGE.c.day >= since, _USAGE.c.day <= until)
        if key is not None:
            query = query.where(_USAGE.c.key == key)
        with self._connected() as connection:
            rows = connection.execute(query.order_by(_USAGE.c.day, _USAGE.c.key, _USAGE.c.model)).mappings().all()
        return [Use(**row) for row in rows]

    def add_audit(self, key: str, action: str, detail: Mapping[str, object]) -> None:
        """Write down who did what."""
        row = {"time": now(), "key": key, "action": action, "detail": json.dumps(detail, default=str)}
        with self._connected() as connection:
            connection.execute(insert(_AUDIT).values(row))

    def audits(self, limit: int = 100) -> list[dict[str, str]]:
        """What was done, the latest first."""
        with self._connected() as connection:
            rows = connection.execute(select(_AUDIT).order_by(_AUDIT.c.number.desc()).limit(limit)).mappings().all()
        return [{name: str(row[name]) for name in ("time", "key", "action", "detail")} for row in rows]

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A transaction whose failures are said in our words."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise StorageError(f"the database {self._where} failed: {said}") from error


def now() -> str:
    """ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _add(connection: Connection, use: Use) -> None:
    same = (_USAGE.c.key == use.key) & (_USAGE.c.model == use.model) & (_USAGE.c.day == use.day)
    added = {name: _USAGE.c[name] + getattr(use, name) for name in COUNTS}
    if connection.execute(update(_USAGE).where(same).values(added)).rowcount:
        return
    fresh = {name: getattr(use, name) for name in ("key", "model", "day", *COUNTS)}
    try:
        with connection.begin_nested():
            connection.execute(insert(_USAGE).values(fresh))
    except IntegrityError:  # another server of the same database was faster
        connection.execute(update(_USAGE).where(same).values(added))


def _key(row: RowMapping) -> Key:
    return Key(
        id=row["id"],
        name=row["name"],
        digest=row["digest"],
        rights=json.loads(row["rights"]),
        made=row["made"],
        revoked=row["revoked"] or "",
    )


def _steady(connection: object, _: ConnectionPoolEntry) -> None:
    """Readers and a writer at once, and a wait where another process writes."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
