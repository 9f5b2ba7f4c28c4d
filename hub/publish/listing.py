"""Learns the files of what a reference names, each with its hash, so that an entry can name them.

Fetches what has no hash yet through the store, which keeps it. Knows nothing of the other fields of an entry.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from hub.errors import BadReference, HubError, UsageError
from hub.publish.card import Card, read_card
from hub.registry.schema import File
from hub.runtime.references.fetch import fetch
from hub.runtime.references.peek import peek
from hub.runtime.references.sources import find_source
from hub.runtime.references.target import Target, record_name
from hub.sources import SourceContext
from hub.store.progress import Progress
from hub.store.store import Store

__all__ = ["card_of", "files_of"]

_CARD = "README.md"


def files_of(target: Target, *, store: Store, progress: Progress | None = None) -> Mapping[str, tuple[File, ...]]:
    """Files of each variant, with hashes; pulled where they are not known.

    Raises
    ------
    UsageError
        The target is a path, which nobody else can reach.
    SourceError, VerificationError, StorageError
        As a pull raises them.
    """
    if target.root is not None:
        raise UsageError(
            f"'{target.reference}' is a path on this machine, which nobody else can reach",
            hint=f"Publish it first: hub publish {target.reference} --to hf:org/name",
        )
    found: dict[str, tuple[File, ...]] = {}
    for variant in target.variants():
        files = variant.files
        if not all(file.sha256 for file in files):
            artifact = fetch(target, variant.name, store=store, progress=progress)
            files = tuple(
                File(
                    path=file.path, size=file.size or 0, sha256=file.sha256 or "", sources=file.sources, part=file.part
                )
                for file in artifact.files
            )
        found[variant.name] = files
    return found


def card_of(target: Target) -> Card:
    """Card of a repository or folder; empty where it has none.

    Raises
    ------
    InputError
        It is there, and is no card.
    """
    if target.root is not None:
        path = target.root / _CARD
        return read_card(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else Card()
    if not target.revision:
        return Card()
    scheme, _, name = record_name(target).partition(":")
    with tempfile.TemporaryDirectory(prefix="hub-") as scratch:
        source = find_source(scheme)(SourceContext(scratch=Path(scratch)))
        with closing(source):
            try:
                listing = source.listing(f"{name}@{target.revision}")
                file = next((each for each in listing.files if each.path == _CARD), None)
                content = b"" if file is None else peek(source, file)
            except BadReference:
                raise
            except HubError:
                return Card()
    return read_card(content.decode("utf-8", errors="replace"))
