"""What nothing refers to: blobs, artifacts, unfinished downloads, folders of killed pulls; found first, removed second.

Safe beside a pull: what a living session claims is no garbage. Never removes anything outside the store: a blob that is
a link to a shared cache goes, the cache's file stays. Knows nothing of models.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hub.store.layout import Layout, storage_errors
from hub.store.records import Record
from hub.store.session import claimed, stale

__all__ = ["Garbage", "discard", "find_garbage"]

Kind = Literal["artifact", "blob", "partial", "session"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Garbage:
    """Something that can go: its name is a hash, a digest or a session, `size` the bytes that its removal frees."""

    kind: Kind
    name: str
    size: int
    path: Path


def find_garbage(layout: Layout, records: Collection[Record], kept: Collection[str] = ()) -> list[Garbage]:
    """Everything that neither these records nor a living session needs, with what each item frees.

    Parameters
    ----------
    kept
        Hashes of files that stay, and with them the folders that hold nothing else.
    """
    claims = claimed(layout)
    keep = {*claims, *kept, *(file.sha256 for record in records for file in record.files)}
    digests = {record.digest.removeprefix("sha256:") for record in records} | claims
    blobs = [path for folder in _entries(layout.blobs) for path in _entries(folder)]
    found: list[tuple[Kind, str, Path]] = [("blob", path.name, path) for path in blobs if path.name not in keep]
    folders = [path for path in _entries(layout.artifacts) if path.name not in digests]
    spared = {_inode(seen) for path in blobs if path.name in kept for seen in _stats(path)}
    found += [("artifact", path.name, path) for path in folders if not _holds_only(path, spared)]
    found += [("partial", path.name, path) for path in _entries(layout.partials) if path.name not in keep]
    found += [("session", path.name, path) for path in stale(layout)]
    links = Counter(_inode(seen) for _, _, path in found for seen in _stats(path))
    counted: set[tuple[int, int]] = set()
    items: list[Garbage] = []
    for kind, name, path in found:
        size = 0
        for seen in _stats(path):
            if links[_inode(seen)] >= seen.st_nlink and _inode(seen) not in counted:
                counted.add(_inode(seen))
                size += seen.st_size
        items.append(Garbage(kind=kind, name=name, size=size, path=path))
    return items


def discard(layout: Layout, items: Collection[Garbage]) -> None:
    """Remove these items. The caller holds the store's lock."""
    for item in items:
        with storage_errors(item.path):
            if item.path.is_dir() and not item.path.is_symlink():
                shutil.rmtree(item.path)
            else:
                item.path.unlink(missing_ok=True)
            if item.kind == "blob":
                layout.seal(item.name).unlink(missing_ok=True)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _stats(path: Path) -> Iterator[os.stat_result]:
    """What `lstat` says of each plain file at or below a path; links weigh nothing."""
    if path.is_symlink():
        return
    if path.is_file():
        yield path.lstat()
    elif path.is_dir():
        for child in sorted(path.iterdir()):
            yield from _stats(child)


def _holds_only(folder: Path, inodes: Collection[tuple[int, int]]) -> bool:
    """Whether a folder holds links to these files, and nothing else."""
    held = {_inode(seen) for seen in _stats(folder)}
    return bool(held) and held <= set(inodes)


def _inode(seen: os.stat_result) -> tuple[int, int]:
    return seen.st_dev, seen.st_ino
