"""The catalogue's SQLite file: connections, transactions and migrations.

A connection for each thread; writers take turns (BEGIN IMMEDIATE), across processes too; every commit is synced.
Migrations are numbered SQL files, each applied once, in order, in a transaction of its own. Knows nothing of what
the tables mean.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from hub.errors import StorageError

__all__ = ["Database", "migrations"]

_PATIENCE = 60.0


def migrations() -> list[tuple[int, str]]:
    """Number and text of every migration, in order."""
    folder = files("hub_mirror") / "migrations"
    found = [(int(each.name[:4]), each.read_text("utf-8")) for each in folder.iterdir() if each.name.endswith(".sql")]
    return sorted(found)


class Database:
    """One SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection of this thread."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
        return found

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """See one state of the catalogue, whatever is written meanwhile."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Be the only writer; all of it happens, or nothing."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close the connection of this thread."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is not None:
            found.close()
            self._local.connection = None

    def migrate(self) -> None:
        """Bring the file up to date, or make it.

        Raises
        ------
        StorageError
            It cannot be opened, is damaged, or a newer version made it.
        """
        try:
            known = migrations()
            with self.writing() as connection:
                version = int(connection.execute("PRAGMA user_version").fetchone()[0])
                if version > known[-1][0]:
                    raise StorageError(
                        f"{self.path} was written by a newer version of openmodelhub-mirror",
                        hint="Update it: pip install --upgrade openmodelhub-mirror",
                    )
                for number, text in known:
                    if number > version:
                        self._apply(connection, number, text)
        except sqlite3.Error as error:
            raise StorageError(
                f"{self.path} cannot be opened: {error}", hint="Look at it: hub mirror check --root DIR"
            ) from error

    @staticmethod
    def _apply(connection: sqlite3.Connection, number: int, text: str) -> None:
        statement = ""
        for line in text.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                connection.execute(statement)
                statement = ""
        connection.execute(f"PRAGMA user_version = {number}")
        for name in ("store", "secret"):
            connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, secrets.token_hex(16)))

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        connection = self.connection
        connection.execute(begin)
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has ended it already, or has not
                connection.execute("ROLLBACK")
            raise

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA cache_size = -8000")
        except sqlite3.Error as error:
            raise StorageError(f"{self.path} cannot be opened: {error}") from error
        return connection
