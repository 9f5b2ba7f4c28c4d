"""Reads a static index: what was pinned is on this disk, and entries are fetched when they are asked for.

Every file is held to the sha256 that the file above it names, up to the pinned one of `index.json`, so a server can
keep an entry from us and cannot give us another one. The index is written by `hub.registry.building`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from hub import config
from hub.atomic import write_atomically
from hub.errors import RegistryError
from hub.registry.building import VERSION, Index, Names, Piece, Plugins, Row, Search
from hub.registry.listing import Listing
from hub.registry.names import key
from hub.registry.rules import faults, path_fault
from hub.registry.schema import SCHEMA, Model, Plugin, Registry

__all__ = ["PIECE_LARGEST", "SparseShelf", "read_index"]

PIECE_LARGEST = 64 * 2**20
T = TypeVar("T")

Fetch = Callable[[str, int], bytes]
"""Gives the bytes at a path below the index, no more than so many."""


class SparseShelf:
    """A static index, as a shelf of the catalogue.

    Parameters
    ----------
    folder
        Where its files are kept.
    fetch
        Gets those that are not kept yet.
    where, name
        Its address, for messages, and what the person calls it.
    local
        Whether its entries may name files of this machine.
    """

    def __init__(
        self, index: Index, folder: Path, fetch: Fetch, *, where: str, name: str = "", local: bool = False
    ) -> None:
        self._index = index
        self._name = name or index.name
        self._folder = folder
        self._fetch = fetch
        self._where = where
        self._local = local

    @property
    def name(self) -> str:
        """What it is shown as."""
        return self._name

    @cached_property
    def plugins(self) -> tuple[Plugin, ...]:
        """Plugins that it lists."""
        return self._decode(self._index.plugins, Plugins).plugins

    def names(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Id and aliases of each model."""
        for row in self._rows.values():
            yield row.id, row.aliases

    def listings(self) -> Iterator[Listing]:
        """The search database."""
        return iter(self._decode(self._index.search, Search).models)

    def model(self, model_id: str) -> Model:
        """The entry, fetched where it is not kept yet; it is held to the same rules as one of a whole registry."""
        model = self._decode(self._rows[key(model_id)].entry, Model)
        alone = Registry(schema=SCHEMA, name="one", models=(model,))
        found = [] if model.id == model_id else [f"$.models[0].id: it is {model.id}"]
        found += faults(alone, local=self._local)
        if found:
            raise RegistryError(f"the entry {model_id} of registry {self._where} breaks the rules", details=found)
        return model

    def kept(self, model_id: str) -> bool:
        """Whether the entry is on this disk."""
        return (self._folder / self._rows[key(model_id)].entry.path).is_file()

    def digests(self) -> dict[str, str]:
        """Hash of each model's entry, by id."""
        return {row.id: row.entry.sha256 for row in self._rows.values()}

    def prepare(self) -> None:
        """Have on this disk what every command needs: names, the search database, plugins.

        Raises
        ------
        RegistryError
            One cannot be had, or is not what the index says.
        """
        for piece, kind in ((self._index.names, Names), (self._index.search, Search), (self._index.plugins, Plugins)):
            self._decode(piece, kind)

    def ready(self) -> bool:
        """Whether all of that seems to be here; what is damaged without a change of size is found when it is read."""
        for piece in (self._index.names, self._index.search, self._index.plugins):
            try:
                if (self._folder / piece.path).stat().st_size != piece.size:
                    return False
            except OSError:
                return False
        return True

    @cached_property
    def _rows(self) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for row in self._decode(self._index.names, Names).models:
            rows.setdefault(key(row.id), row)
        return rows

    def _decode(self, piece: Piece, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(self._bytes(piece), type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RegistryError(f"{piece.path} of registry {self._where} breaks the schema: {error}") from error

    def _bytes(self, piece: Piece) -> bytes:
        if why := path_fault(piece.path):
            raise RegistryError(f"registry {self._where} names {piece.path!r}, which {why}")
        path = self._folder / piece.path
        try:
            content = path.read_bytes()
            if _is(content, piece):
                return content
        except OSError:
            pass
        if config.get("offline"):
            raise RegistryError(f"{piece.path} of registry {self._where} is not here, and hub is told to stay offline")
        content = self._fetch(piece.path, PIECE_LARGEST)
        if not _is(content, piece):
            raise RegistryError(
                f"{piece.path} of registry {self._where} is not what was pinned; it was not taken",
                hint="See what has changed: hub registry tap update",
            )
        _keep(path, content)
        return content


def read_index(content: bytes, where: str) -> Index:
    """Read an `index.json`.

    Raises
    ------
    RegistryError
        It is none, or one of a later version.
    """
    try:
        index = msgspec.json.decode(content, type=Index)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RegistryError(f"registry {where} is no index: {error}") from error
    if index.index > VERSION or index.schema > SCHEMA:
        raise RegistryError(
            f"registry {where} has index {index.index} of schema {index.schema}; this hub reads {VERSION} of {SCHEMA}",
            hint="Upgrade hub: python -m pip install --upgrade openmodelhub",
        )
    return index


def _is(content: bytes, piece: Piece) -> bool:
    return len(content) == piece.size and hashlib.sha256(content).hexdigest() == piece.sha256


def _keep(path: Path, content: bytes) -> None:
    """Keep a file for the next command; a home that cannot be written only costs another download."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError:
        return
