"""Writes a registry as a static index that any web server can hold, of which a client reads only what it needs.

`index.json` names every other file by its sha256, so its own hash stands for all of it:

- `names-….json`: each id with its aliases, and the file of its entry;
- `search-….json`: what a search needs of each model, without its files;
- `plugins-….json`: the plugins;
- `models/publisher/name-….json`: one entry each.

Every file but `index.json` has its hash in its name and never changes, so it may be cached for ever; only `index.json`
is asked for again, by ETag, which every web server gives. What earlier builds wrote stays, so who pinned one goes on.
`registry.json` is the whole, for clients that read that. Knows nothing of how the index is served or read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from hub.atomic import write_atomically
from hub.errors import StorageError
from hub.registry.completed import completed
from hub.registry.listing import Listing, listing_of
from hub.registry.schema import SCHEMA, Model, Plugin, Registry

__all__ = ["INDEX", "VERSION", "Built", "Index", "Names", "Piece", "Plugins", "Row", "Search", "build"]

INDEX = "index.json"
VERSION = 1
_HASH = 16


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the index: its path below it, and what it must be."""

    path: str
    size: int
    sha256: str


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model in the file of names."""

    id: str
    entry: Piece
    aliases: tuple[str, ...] = ()


@completed
class Index(msgspec.Struct, frozen=True, kw_only=True):
    """`index.json`."""

    index: int
    schema: int
    name: str
    models: int
    names: Piece
    search: Piece
    plugins: Piece


@completed
class Names(msgspec.Struct, frozen=True, kw_only=True):
    """The file of names."""

    models: tuple[Row, ...]


@completed
class Search(msgspec.Struct, frozen=True, kw_only=True):
    """The search database."""

    models: tuple[Listing, ...]


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What a build wrote: the hash of `index.json`, and how many of the files are new."""

    sha256: str
    models: int
    files: int
    written: int


@completed
class Plugins(msgspec.Struct, frozen=True, kw_only=True):
    """The file of plugins."""

    plugins: tuple[Plugin, ...]


def build(registry: Registry, content: bytes, folder: Path) -> Built:
    """Write the index of a registry; what is there already is not written again, and nothing is removed.

    Parameters
    ----------
    content
        The registry as it stands, for `registry.json`.

    Raises
    ------
    StorageError
        The folder cannot be written.
    """
    pieces: dict[str, bytes] = {}
    rows = tuple(_row(model, pieces) for model in registry.models)
    listings = tuple(listing for model in registry.models if (listing := listing_of(model)).variants)
    index = Index(
        index=VERSION,
        schema=SCHEMA,
        name=registry.name,
        models=len(rows),
        names=_piece("names", Names(models=rows), pieces),
        search=_piece("search", Search(models=listings), pieces),
        plugins=_piece("plugins", Plugins(plugins=registry.plugins), pieces),
    )
    top = msgspec.json.format(msgspec.json.encode(index), indent=1) + b"\n"
    pieces["registry.json"] = content
    pieces[INDEX] = top  # the last, so that whoever reads it finds all that it names
    try:
        written = sum(_write(folder / path, data) for path, data in pieces.items())
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}") from error
    return Built(sha256=hashlib.sha256(top).hexdigest(), models=len(rows), files=len(pieces), written=written)


def _row(model: Model, pieces: dict[str, bytes]) -> Row:
    return Row(id=model.id, aliases=model.aliases, entry=_piece(f"models/{model.id}", model, pieces))


def _piece(stem: str, value: msgspec.Struct, pieces: dict[str, bytes]) -> Piece:
    data = msgspec.json.encode(value) + b"\n"
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"{stem}-{sha256[:_HASH]}.json"
    pieces[path] = data
    return Piece(path=path, size=len(data), sha256=sha256)


def _write(path: Path, data: bytes) -> bool:
    """Write a file whole; tells whether it was not there as it is."""
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data)
    return True
