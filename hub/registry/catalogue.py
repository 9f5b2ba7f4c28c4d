"""Every model and plugin that can be found from here: bundled, from configured registries, from plugins' wheels.

A registry that cannot be read is reported in `notices`, and the rest goes on. Of two entries with the same id the
one of the earlier registry is found; the other is reached as `REGISTRY/publisher/name`. Loads no plugin, and uses the
network only for addresses that the user configured (`hub.registry.remote`). Knows nothing of ranking or of weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import msgspec

from hub import config
from hub.errors import BadReference, HubError, RegistryError
from hub.registry.decode import decode
from hub.registry.names import key, near
from hub.registry.schema import Model, Plugin, Registry

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
    """What the registries list, in their order. `notices` says which of them could not be read, and why."""

    def __init__(self, registries: list[tuple[Registry, str]], notices: tuple[str, ...] = ()) -> None:
        self.notices = notices
        self.origins: tuple[Origin, ...] = ()
        self.entries: tuple[Entry, ...] = ()
        self.listed: tuple[ListedPlugin, ...] = ()
        taken: set[str] = set()
        for registry, location in registries:
            name = _free_name(registry.name, taken)
            taken.add(name)
            self.origins += (Origin(name=name, location=location),)
            self.entries += tuple(Entry(model=model, origin=name) for model in registry.models)
            self.listed += tuple(ListedPlugin(plugin=plugin, origin=name) for plugin in registry.plugins)

    @property
    def models(self) -> tuple[Model, ...]:
        """Models that `find` reaches by their id: of the same id, the one listed first."""
        return tuple(entry.model for entry in self._by_id.values())

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Plugins, each package once: as the first registry lists it."""
        first: dict[str, Plugin] = {}
        for listed in self.listed:
            first.setdefault(key(listed.plugin.package), listed.plugin)
        return tuple(first.values())

    def find(self, name: str) -> Entry:
        """Entry of an id, an alias, `REGISTRY/publisher/name`, or the last part of an id where only one has it.

        Upper and lower case do not matter, `-` and `_` are alike.

        Raises
        ------
        BadReference
            Nothing has that name (near names are in the hint), or more than one model does.
        """
        wanted = key(name)
        for index in (self._by_id, self._by_alias, self._by_origin):
            if wanted in index:
                return index[wanted]
        ends = [entry for known, entry in self._by_id.items() if known.rpartition("/")[2] == wanted]
        if len(ends) == 1:
            return ends[0]
        if ends:
            ids = [entry.model.id for entry in ends]
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
        for entry in self.entries:
            yield from entry.model.aliases
            yield entry.model.id
            yield entry.model.id.rpartition("/")[2]

    @cached_property
    def _by_id(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for entry in self.entries:
            found.setdefault(key(entry.model.id), entry)
        return found

    @cached_property
    def _by_alias(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for entry in self.entries:
            for alias in entry.model.aliases:
                found.setdefault(key(alias), entry)
        return found

    @cached_property
    def _by_origin(self) -> dict[str, Entry]:
        return {key(f"{entry.origin}/{entry.model.id}"): entry for entry in self.entries}


def load_catalogue(*, network: bool = True) -> Catalogue:
    """Read the bundled registry, the configured ones, and those that installed plugins carry, in this order.

    Parameters
    ----------
    network
        Whether a registry at an address may be asked for; otherwise its copy is used, however old.

    Raises
    ------
    RegistryError
        The bundled registry cannot be read: the installation is broken.
    """
    registries = [(decode(BUNDLED.read_bytes(), name=str(BUNDLED)), str(BUNDLED))]
    notices: list[str] = []
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
