"""What clients may name, and what it stands for: models of the registries and of this machine, kept for a moment.

A client never names a path or an unlisted repository unless the server was started with it: a stranger does not choose
what this machine reads or downloads. Registries are read again after `FRESH` seconds, so that what is pulled or listed
meanwhile is served. Knows nothing of plans or of what runs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from hub.errors import BadReference
from hub.registry.catalogue import load_catalogue
from hub.registry.names import key, near
from hub.registry.schema import Model
from hub.runtime.references.resolve import resolve
from hub.runtime.references.target import Target, record_name
from hub.server.settings import Settings
from hub.store.records import Record
from hub.store.store import Store

__all__ = ["FRESH", "KEPT", "Names", "Served"]

FRESH = 10.0
KEPT = 60.0
"""Seconds for which a name may be answered as it was while it is looked up again."""

_LATEST = ":latest"  # what clients of Ollama add to every name


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """A model that clients may name.

    Parameters
    ----------
    name
        What it is listed under: the id, with the variant where the server was started with one.
    variants
        Those that are on this machine.
    """

    name: str
    model: Model
    variants: tuple[str, ...]
    size: int
    pulled: str
    digest: str = ""


class Names:
    """The names of one server. Reads the disk: not for the event loop. Safe from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._found: dict[str, tuple[float, Target]] = {}
        self._listed: tuple[float, list[Served]] | None = None

    def find(self, name: str) -> Target:
        """What a name stands for.

        Raises
        ------
        BadReference
            Nothing that is served has it; near names are in the hint.
        """
        known = self.known(name)
        if known is not None:
            return known
        wanted = name.removesuffix(_LATEST)
        try:
            target = self._resolve(wanted)
        except BaseException:
            self._found.pop(wanted, None)
            raise
        if len(self._found) > 1000:
            self._found.clear()
        self._found[wanted] = (time.monotonic(), target)
        return target

    def known(self, name: str) -> Target | None:
        """What `find` gives, where that needs no look at the disk."""
        return self._young(name, FRESH)

    def kept(self, name: str) -> Target | None:
        """What `find` gave lately, where that may have changed since."""
        return self._young(name, KEPT)

    def fresh(self) -> list[Served] | None:
        """What `listed` gives, where that needs no look at the disk."""
        if self._listed is None or time.monotonic() - self._listed[0] > FRESH:
            return None
        return self._listed[1]

    def listed(self) -> list[Served]:
        """Every model that can be named without a download, sorted by name."""
        found = self.fresh()
        if found is None:
            found = self._list()
            self._listed = (time.monotonic(), found)
        return found

    def forget(self) -> None:
        """Look at the disk again: something came, or went."""
        self._found.clear()
        self._listed = None

    def _young(self, name: str, limit: float) -> Target | None:
        kept = self._found.get(name.removesuffix(_LATEST))
        return kept[1] if kept is not None and time.monotonic() - kept[0] < limit else None

    def _resolve(self, name: str) -> Target:
        for given in self._settings.models:
            if name == given:
                return resolve(given)
        for given in self._settings.models:
            target = resolve(given)
            model = target.model
            known = {key(each) for each in (model.id, model.name, *model.aliases)}
            if key(name) in known | {f"{each}:{key(target.variant)}" for each in known if target.variant}:
                return target
        if self._settings.only:
            raise self._unknown(name)
        return self._of_registry(name)

    def _of_registry(self, name: str) -> Target:
        """An entry of a registry; what only looks like a reference to a path or a repository names nothing here."""
        stem = name.partition(":")[0]
        try:
            entry = load_catalogue().find(stem)
        except BadReference:
            raise self._unknown(name) from None
        target = resolve(name)
        if target.root is not None or target.revision:
            raise self._unknown(name)
        if not self._settings.pull and not self._records(entry.model.id):
            raise BadReference(
                f"'{name}' is not on this machine, and this server does not download",
                hint=f"On the machine of the server: hub pull {entry.model.name}",
            )
        return target

    def _unknown(self, name: str) -> BadReference:
        names = [each for served in self.listed() for each in (served.name, *served.model.aliases)]
        close = near(name, names)
        hint = f"Did you mean {' or '.join(close)}? " if close else ""
        return BadReference(f"there is no model '{name}' here", hint=f"{hint}See: GET /v1/models")

    def _list(self) -> list[Served]:
        records: dict[str, list[Record]] = {}
        for record in Store().records():
            records.setdefault(key(record.model), []).append(record)
        found: dict[str, Served] = {}
        for given in self._settings.models:
            target = resolve(given)
            mine = records.get(key(record_name(target)), [])
            found[given] = _served(_name(given, target), target.model, mine)
        if not self._settings.only:
            here = {key(served.name) for served in found.values()}
            for entry in load_catalogue().entries:
                if key(entry.model.id) in records and key(entry.model.id) not in here:
                    found[entry.model.id] = _served(entry.model.id, entry.model, records[key(entry.model.id)])
        return sorted(found.values(), key=lambda served: served.name)

    @staticmethod
    def _records(model: str) -> list[Record]:
        return [record for record in Store().records() if key(record.model) == key(model)]


def _name(given: str, target: Target) -> str:
    if target.root is not None or target.revision:
        return given
    return f"{target.model.id}:{target.variant}" if target.variant else target.model.id


def _served(name: str, model: Model, records: list[Record]) -> Served:
    named = {variant.name for variant in model.variants}
    return Served(
        name=name,
        model=model,
        variants=tuple(record.variant for record in records if record.variant in named),
        size=sum(record.size for record in records),
        pulled=max((record.pulled for record in records), default=""),
        digest=records[0].digest if records else "",
    )
