"""What is different between what a tap held when it was pinned and what it holds now.

Of an index, only entries that somebody here has used are compared in full. Knows nothing of terminals.
"""

from __future__ import annotations

import msgspec

from hub.errors import RegistryError
from hub.registry.differences import bytes_of
from hub.registry.names import key
from hub.registry.schema import Model
from hub.registry.shelf import Shelf
from hub.registry.sparse import SparseShelf

__all__ = ["TapChange", "tap_changes"]


class TapChange(msgspec.Struct, frozen=True, kw_only=True):
    """A model of a tap that is `new`, `gone` or `changed`; `bytes`: the same names stand for other bytes now."""

    what: str
    model: str
    details: str = ""
    bytes: bool = False


def tap_changes(before: Shelf, after: Shelf) -> list[TapChange]:
    """Every difference, sorted by model."""
    old = {key(name): name for name, _ in before.names()}
    new = {key(name): name for name, _ in after.names()}
    found = [TapChange(what="new", model=new[name]) for name in new.keys() - old.keys()]
    found += [TapChange(what="gone", model=old[name]) for name in old.keys() - new.keys()]
    same = _unchanged(before, after)
    for name in old.keys() & new.keys() - same:
        change = _change(before, after, old[name])
        found += [change] if change else []
    return sorted(found, key=lambda change: key(change.model))


def _unchanged(before: Shelf, after: Shelf) -> set[str]:
    """Keys of entries that two indexes hold alike, which no entry has to be read for."""
    if not (isinstance(before, SparseShelf) and isinstance(after, SparseShelf)):
        return set()
    theirs = after.digests()
    return {key(name) for name, sha256 in before.digests().items() if theirs.get(name) == sha256}


def _change(before: Shelf, after: Shelf, name: str) -> TapChange | None:
    if isinstance(before, SparseShelf) and not before.kept(name):
        return TapChange(what="changed", model=name)
    try:
        old, new = before.model(name), after.model(name)
    except RegistryError:
        return TapChange(what="changed", model=name)
    if old == new:
        return None
    others = _other_bytes(old, new)
    return TapChange(what="changed", model=name, details="; ".join([*others, *_told(old, new)]), bytes=bool(others))


def _other_bytes(old: Model, new: Model) -> list[str]:
    now = {key(variant.name): variant for variant in new.variants}
    return [
        f"{variant.name} has other bytes than before"
        for variant in old.variants
        if key(variant.name) in now and bytes_of(now[key(variant.name)]) != bytes_of(variant)
    ]


def _told(old: Model, new: Model) -> list[str]:
    before = {variant.name: variant for variant in old.variants}
    after = {variant.name: variant for variant in new.variants}
    told = [f"new variant {name}" for name in after if name not in before]
    told += [f"{name} is gone" for name in before if name not in after]
    told += [
        f"{name} was yanked: {after[name].yanked}"
        for name in after
        if name in before and after[name].yanked and not before[name].yanked
    ]
    fields = [
        field for field in Model.__struct_fields__ if field != "variants" and getattr(old, field) != getattr(new, field)
    ]
    return [*told, *([f"other {', '.join(fields)}"] if fields else [])]
