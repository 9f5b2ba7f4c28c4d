"""Removes from the store what a refused compression made; what was there before stays.

Knows nothing of why it was refused.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hub.runtime.transforms.lineage import all_lineages, chain_of, forget_lineage
from hub.store.garbage import discard, find_garbage
from hub.store.session import store_lock
from hub.store.store import Store
from hub.types import Artifact

__all__ = ["Before", "seen_before", "undo"]


@dataclass(frozen=True, slots=True)
class Before:
    """Keys and digests of the steps that had been done, and names of the records, before anything was made."""

    keys: Collection[str]
    digests: Collection[str]
    records: Collection[str]


def seen_before(store: Store) -> Before:
    """What the store holds of derived artifacts now."""
    done = all_lineages(store)
    names = {record.name for record in store.records()}
    return Before({lineage.key for lineage in done}, {lineage.digest for lineage in done}, names)


def undo(store: Store, before: Before, artifacts: Sequence[Artifact]) -> None:
    """Remove the steps, records and bytes of these artifacts and of what they were made from, where they are new."""
    related = {artifact.digest for artifact in artifacts}
    related |= {lineage.digest for artifact in artifacts for lineage in chain_of(store, artifact.digest)}
    made = [each for each in all_lineages(store) if each.key not in before.keys and each.digest in related]
    digests = {lineage.digest for lineage in made}
    names = {digest.removeprefix("sha256:") for digest in digests}
    names |= {file.sha256 for lineage in made for file in lineage.files if file.sha256}
    for lineage in made:
        forget_lineage(store, lineage)
    new = [record for record in store.records() if record.digest in digests and record.name not in before.records]
    if new:
        store.remove(new)
    with store_lock(store.layout):
        left = [item for item in find_garbage(store.layout, store.records()) if item.name in names]
        discard(store.layout, left)
