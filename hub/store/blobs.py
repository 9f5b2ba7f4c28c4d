"""Blobs: files named by their sha256, and the seal that says when one need not be hashed again.

A seal holds what `stat` said of a file right after it was hashed. While size, mtime (in ns) and inode hold, the file is
taken to be the same one. Knows nothing of models, sources or artifacts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Literal

from hub.atomic import write_atomically
from hub.store.layout import Layout

__all__ = ["CHUNK", "Blobs", "Seal", "State", "hash_file", "write_json"]

CHUNK = 1 << 20
State = Literal["missing", "intact", "damaged"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """What was seen of a blob when it was hashed, and which source gave it."""

    size: int
    mtime_ns: int
    inode: int
    source: str = ""

    @classmethod
    def of(cls, path: Path, source: str = "") -> Seal:
        """Seal of a file as it lies there now; links are followed."""
        seen = path.stat()
        return cls(size=seen.st_size, mtime_ns=seen.st_mtime_ns, inode=seen.st_ino, source=source)

    def holds(self, path: Path) -> bool:
        """Whether the file still looks as it did."""
        try:
            seen = path.stat()
        except OSError:
            return False
        return (seen.st_size, seen.st_mtime_ns, seen.st_ino) == (self.size, self.mtime_ns, self.inode)


def hash_file(path: Path, advance: Callable[[int], None] | None = None) -> tuple[str, int]:
    """Sha256 in hex and size of a file."""
    digest = hashlib.sha256()
    size = 0
    buffer = bytearray(CHUNK)
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            digest.update(memoryview(buffer)[:count])
            size += count
            if advance is not None:
                advance(count)
    return digest.hexdigest(), size


class Blobs:
    """The blobs of one store."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._seals: dict[str, Seal] = {}

    def state(
        self,
        sha256: str,
        path: Path | None = None,
        *,
        rehash: bool = False,
        advance: Callable[[int], None] | None = None,
    ) -> State:
        """Whether the blob, or `path` that should hold the same bytes, is there and is what its name says.

        Hashes only where the seal does not hold, or `rehash`. Writes the seal where it can; a store that is read-only
        works without. Anything but a plain file, or a link to one, is damaged.
        """
        path = self._layout.blob(sha256) if path is None else path
        try:
            plain = S_ISREG(path.stat().st_mode)
        except OSError:
            return "missing"
        if not plain:
            return "damaged"
        seal = self.seal(sha256)
        if not rehash and seal is not None and seal.holds(path):
            return "intact"
        try:
            before = Seal.of(path, seal.source if seal else "")
            found, _ = hash_file(path, advance)
        except OSError:
            return "damaged"
        if found != sha256 or not before.holds(path):
            return "damaged"
        self.remember(sha256, before)
        return "intact"

    def seal(self, sha256: str) -> Seal | None:
        """Last seal of the blob; `None` where there is none or it cannot be read."""
        if sha256 in self._seals:
            return self._seals[sha256]
        try:
            content = json.loads(self._layout.seal(sha256).read_text(encoding="utf-8"))
            return Seal(
                size=int(content["size"]),
                mtime_ns=int(content["mtime_ns"]),
                inode=int(content["inode"]),
                source=str(content["source"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, sha256: str, seal: Seal) -> None:
        """Keep a seal: on disk, or for this process where the disk is read-only."""
        path = self._layout.seal(sha256)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, asdict(seal))
            self._seals.pop(sha256, None)
        except OSError:
            self._seals[sha256] = seal

    def remove(self, sha256: str) -> None:
        """Forget a blob; what it links to in another cache stays."""
        self._seals.pop(sha256, None)
        for path in (self._layout.seal(sha256), self._layout.blob(sha256)):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def write_json(path: Path, content: object) -> None:
    """Write a small file so that a reader sees the old or the new one, never half."""
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1).encode())
