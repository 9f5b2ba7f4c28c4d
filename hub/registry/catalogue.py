"""Every model and plugin that can be found from here: bundled, from taps and configured registries, from wheels.

A registry that cannot be read is reported in `notices`, and the rest goes on. Of two entries with the same id the
one of the earlier registry is found; the other is reached as `REGISTRY/publisher/name`. Loads no plugin, and uses the
network only for addresses that the user configured (`hub.registry.remote`). Knows nothing of ranking or of weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import msgspec

from hub import config
from hub.errors import BadReference, HubError, RegistryError
from hub.registry.decode import decode
from hub.registry.listing import Listing
from hub.registry.names import key, near
from hub.registry.schema import Model, Plugin, Registry
from hub.registry.shelf import Shelf, WholeShelf

__all__ = ["Catalogue", "Entry", "ListedPlugin", "Origin", "load_catalogue"]

BUNDLED = Path(__file__).with_name("registry.json")


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A registry that was read: the name that its entries are shown under, and the path or address it came from."""

    name: str
    location: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A model and the name of the registry that lists it."""

    model: Model
    origin: str


class ListedPlugin(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin and the name of the registry that lists it."""

    plugin: Plugin
    origin: str


class Catalogue:
    """What the registries list, in their order. `notices` says which of them could not be read, and why.

    An entry is read when it is asked for, so a registry may be an index of which little is on this disk.
    """

    def __init__(self, registries: Sequence[tuple[Registry | Shelf, str]], notices: tuple[str, ...] = ()) -> None:
        self.notices = notices
        self.origins: tuple[Origin, ...] = ()
        self.listed: tuple[ListedPlugin, ...] = ()
        self._shelves: list[tuple[str, Shelf]] = []
        taken: set[str] = set()
        for registry, location in registries:
            shelf = WholeShelf(registry) if isinstance(registry, Registry) else registry
            name = _free_name(shelf.name, taken)
            taken.add(name)
            self.origins += (Origin(name=name, location=location),)
            self.listed += tuple(ListedPlugin(plugin=plugin, origin=name) for plugin in shelf.plugins)
            self._shelves.append((name, shelf))

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Entries of the registries that were read whole; those of an index are left out."""
        return tuple(
            Entry(model=model, origin=name)
            for name, shelf in self._shelves
            if isinstance(shelf, WholeShelf)
            for model in shelf.models
        )

    @property
    def models(self) -> tuple[Model, ...]:
        """Models of `entries`: of the same id, the one listed first."""
        first: dict[str, Model] = {}
        for entry in self.entries:
            first.setdefault(key(entry.model.id), entry.model)
        return tuple(first.values())

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Plugins that can be offered, each package once: as the first registry lists it; yanked ones are left out."""
        first: dict[str, Plugin] = {}
        for listed in self.listed:
            first.setdefault(key(listed.plugin.package), listed.plugin)
        return tuple(plugin for plugin in first.values() if not plugin.yanked)

    def listings(self) -> Iterator[tuple[Listing, str]]:
        """Every model as a search sees it, with its origin; of the same id only the one that `find` gives."""
        for name, shelf in self._shelves:
            for listing in shelf.listings():
                found = self._by_id.get(key(listing.id))
                if found is not None and found.origin == name:
                    yield listing, name

    def count(self, origin: str) -> int:
        """How many models a registry lists."""
        return sum(1 for name, shelf in self._shelves if name == origin for _ in shelf.names())

    def find(self, name: str) -> Entry:
        """Entry of an id, an alias, `REGISTRY/publisher/name`, or the last part of an id where only one has it.

        Upper and lower case do not matter, `-` and `_` are alike.

        Raises
        ------
        BadReference
            Nothing has that name (near names are in the hint), or more than one model does.
        RegistryError
            The entry of an index is not on this disk, and cannot be had.
        """
        wanted = key(name)
        for index in (self._by_id, self._by_alias, self._by_origin):
            if wanted in index:
                return index[wanted].entry()
        ends = [place for known, place in self._by_id.items() if known.rpartition("/")[2] == wanted]
        if len(ends) == 1:
            return ends[0].entry()
        if ends:
            ids = [place.id for place in ends]
            raise BadReference(
                f"'{name}' is the name of {len(ids)} models", details=ids, hint="Write one of these ids."
            )
        raise BadReference(f"no registry has a model '{name}'", details=self.notices, hint=self._advice(name))

    def _advice(self, name: str) -> str:
        close = near(name, self.names())
        search = "hub search" if not close else f"hub search {name.rpartition('/')[2]}"
        return (f"Did you mean {' or '.join(close)}? " if close else "") + f"See: {search}"

    def names(self) -> Iterator[str]:
        """Every id, alias and last part of an id."""
        for _, shelf in self._shelves:
            for model_id, aliases in shelf.names():
                yield from aliases
                yield model_id
                yield model_id.rpartition("/")[2]

    @cached_property
    def _by_id(self) -> dict[str, _Place]:
        found: dict[str, _Place] = {}
        for name, shelf in self._shelves:
            for model_id, _ in shelf.names():
                found.setdefault(key(model_id), _Place(id=model_id, origin=name, shelf=shelf))
        return found

    @cached_property
    def _by_alias(self) -> dict[str, _Place]:
        found: dict[str, _Place] = {}
        for name, shelf in self._shelves:
            for model_id, aliases in shelf.names():
                for alias in aliases:
                    found.setdefault(key(alias), _Place(id=model_id, origin=name, shelf=shelf))
        return found

    @cached_property
    def _by_origin(self) -> dict[str, _Place]:
        return {
            key(f"{name}/{model_id}"): _Place(id=model_id, origin=name, shelf=shelf)
            for name, shelf in self._shelves
            for model_id, _ in shelf.names()
        }


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an entry is."""

    id: str
    origin: str
    shelf: Shelf

    def entry(self) -> Entry:
        return Entry(model=self.shelf.model(self.id), origin=self.origin)


def load_catalogue(*, network: bool = True) -> Catalogue:
    """Read the registries: the bundled one, the taps, the configured ones, and those that installed plugins carry.

    Taps that are to come first come before the bundled one.

    Parameters
    ----------
    network
        Whether a registry at an address may be asked for; otherwise its copy is used, however old.

    Raises
    ------
    RegistryError
        The bundled registry cannot be read: the installation is broken.
    """
    bundled = (decode(BUNDLED.read_bytes(), name=str(BUNDLED)), str(BUNDLED))
    notices: list[str] = []
    before, after = _taps(notices, network=network)
    registries: list[tuple[Registry | Shelf, str]] = [*before, bundled, *after]
    for location in _configured():
        try:
            registry, said = _read(location, network=network)
            registries.append((registry, location))
        except HubError as error:
            said = _told(error)
        notices += [said] if said else []
    from hub.registry.carried import carried

    for path, fault in carried():
        try:
            if path is None:
                raise RegistryError(fault)
            registries.append((decode(_bytes(path), name=str(path)), str(path)))
        except HubError as error:
            notices.append(_told(error))
    return Catalogue(registries, tuple(notices))


def _taps(notices: list[str], *, network: bool) -> tuple[list[tuple[Shelf, str]], list[tuple[Shelf, str]]]:
    """Taps before the bundled registry, and the others; what is wrong with one is noted, and the rest goes on."""
    if not (config.home() / "taps.json").exists():
        return [], []
    from hub.registry.tap_list import read_taps
    from hub.registry.taps import open_tap, watched

    before: list[tuple[Shelf, str]] = []
    after: list[tuple[Shelf, str]] = []
    try:
        taps = watched(read_taps(), network=network)
    except HubError as error:
        notices.append(_told(error))
        return before, after
    for tap in taps:
        try:
            (before if tap.first else after).append((open_tap(tap), tap.address))
        except HubError as error:
            notices.append(_told(error))
        notices += [tap.said] if tap.said else []
    return before, after


def _configured() -> list[str]:
    value = config.get("registries")
    return value if isinstance(value, list) else []


def _read(location: str, *, network: bool) -> tuple[Registry, str]:
    if "://" in location:
        from hub.registry.remote import read_remote

        return read_remote(location, network=network)
    path = Path(location).expanduser()
    return decode(_bytes(path), name=location), ""


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RegistryError(f"registry {path} cannot be read: {error.strerror or error}") from error


def _told(error: HubError) -> str:
    return "; ".join([error.message, *error.details])


def _free_name(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    return next(name for number in range(2, len(taken) + 3) if (name := f"{wanted}-{number}") not in taken)
