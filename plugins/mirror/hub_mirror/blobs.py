"""Contents on the disk, each named by its sha256, written once and never changed.

A content is written beside, hashed on the way, synced, then renamed to its name: it is there whole or not at all.
What removes contents holds `sweeping`, what publishes them `publishing`, so neither undoes the other. Knows nothing
of repositories.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from hub_mirror.places import Places
from hub_mirror.refusals import Refusal
from hub_mirror.syncing import Disk

__all__ = ["Blobs", "Incoming", "git_oid", "pointer"]

_PIECE = 2**20
_SYNC_EVERY = 64 * 2**20


class Blobs:
    """The contents below a root."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._disk = Disk(places.blobs)

    def path(self, sha256: str) -> Path:
        """Where a content lies, or would."""
        return self.places.blobs / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str, size: int | None = None) -> bool:
        """Whether a content is there, with that size if one is named."""
        try:
            found = self.path(sha256).stat().st_size
        except OSError:
            return False
        return size is None or found == size

    def incoming(self, *, limit: int | None = None, git_size: int | None = None) -> Incoming:
        """Begin a content; see `Incoming`."""
        self._disk.watch()
        return Incoming(self, limit=limit, git_size=git_size)

    def adopt(self, path: Path, sha256: str) -> None:
        """Publish a file that is hashed and synced already; the caller holds `publishing`."""
        self._disk.sync_folders(self._name(path, sha256))

    def keep(self, all_: Iterable[Incoming]) -> None:
        """Give contents their names, syncing what is new together; the caller holds `publishing`."""
        folders: set[Path] = set()
        new = {one.sha256: one for one in all_ if not self.has(one.sha256, one.size)}
        for incoming in new.values():
            incoming.rest()
        self._disk.sync_files(one.path for one in new.values() if not one.settled)
        for incoming in new.values():
            folders.update(self._name(incoming.path, incoming.sha256))
        self._disk.sync_folders(folders)

    def _name(self, path: Path, sha256: str) -> tuple[Path, ...]:
        """Rename a file to its hash; the folders that must be synced for that."""
        target = self.path(sha256)
        folders = [target.parent]
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            folders += [target.parent.parent, self.places.blobs]
        path.chmod(0o440)
        os.replace(path, target)
        return tuple(folders)

    def all(self) -> Iterator[Path]:
        """Every file among the contents, in the order of names."""
        for first in sorted(self.places.blobs.iterdir()):
            for second in sorted(first.iterdir()):
                yield from sorted(second.iterdir())

    def remove(self, sha256: str) -> None:
        """Remove a content; the caller holds `sweeping`."""
        self.path(sha256).unlink(missing_ok=True)

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Held while a content gets its name and its row; many at once."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def sweeping(self) -> Iterator[None]:
        """Held while contents are removed; alone."""
        with self._locked(fcntl.LOCK_EX):
            yield

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        handle = os.open(self.places.run / "blobs.lock", os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


class Incoming:
    """One content on its way; removed unless it is kept.

    Parameters
    ----------
    limit
        Largest size in bytes.
    git_size
        Size that is known beforehand, for contents that also get a git object id.
    """

    def __init__(self, blobs: Blobs, *, limit: int | None, git_size: int | None) -> None:
        self._blobs = blobs
        self._limit = limit
        self._sha256 = hashlib.sha256()
        self._git = None if git_size is None else hashlib.sha1(f"blob {git_size}\0".encode(), usedforsecurity=False)
        self.size = 0
        self._unsynced = 0
        self._settled = False
        self.path = blobs.places.incoming / secrets.token_hex(16)
        self._file = self.path.open("xb", buffering=0)
        fcntl.flock(self._file, fcntl.LOCK_SH)  # says that somebody is still at it

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """Hash of what has come."""
        return self._sha256.hexdigest()

    @property
    def settled(self) -> bool:
        """Whether it is synced already."""
        return self._settled

    @property
    def git_oid(self) -> str:
        """Git object id of what has come, where a size was named beforehand."""
        assert self._git is not None
        return self._git.hexdigest()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append.

        Raises
        ------
        Refusal
            It is larger than the limit.
        """
        self.size += len(data)
        if self._limit is not None and self.size > self._limit:
            raise Refusal(413, f"This file is larger than the {self._limit} bytes that this server takes")
        self._sha256.update(data)
        if self._git is not None:
            self._git.update(data)
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._unsynced += len(data)
        if self._unsynced >= _SYNC_EVERY:  # or the last sync would stall the disk for everybody
            os.fdatasync(self._file.fileno())
            self._unsynced = 0

    def rest(self) -> None:
        """Close the file without syncing it: so many may be on their way at once."""
        self._file.close()

    def settle(self) -> None:
        """Sync it and close the file; it still has no name."""
        if not self._settled:
            os.fsync(self._file.fileno())
            self._file.close()
            self._settled = True

    def keep(self) -> None:
        """Sync it and give it its name; the caller holds `publishing`."""
        self._blobs.keep([self])


def git_oid(content: bytes) -> str:
    """Id that git gives a file with this content."""
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """What git holds in place of a large file.

    References
    ----------
    https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    """
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
