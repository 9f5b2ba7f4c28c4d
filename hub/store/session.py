"""One pull that is under way: what it needs is claimed, so that nobody collects it, and it has a scratch folder.

A session holds a lock of its own while it lives; one whose lock is free was killed, and whoever comes next clears it.
Knows nothing of sources or downloads.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from hub.store.blobs import write_json
from hub.store.layout import Layout, storage_errors

__all__ = ["Session", "claimed", "stale", "store_lock"]


def store_lock(layout: Layout) -> FileLock:
    """Held, for moments, by whoever claims blobs or collects what nobody claims."""
    return FileLock(layout.lock("store"), thread_local=False)


class Session:
    """Context of one pull. Thread-safe."""

    def __init__(self, layout: Layout, claims: Iterable[str]) -> None:
        self._layout = layout
        self._claims = set(claims)
        self._id = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self.folder = layout.sessions / self._id
        self._lock = _lock_of(layout, self._id)

    def __enter__(self) -> Session:
        with storage_errors(self._layout.root), store_lock(self._layout):
            for left in stale(self._layout):
                _clear(self._layout, left)
            self._lock.acquire(timeout=0)
            self.folder.mkdir()
            write_json(self.folder / "claims.json", sorted(self._claims))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()
        self._layout.lock(self._id).unlink(missing_ok=True)

    def claim(self, sha256: str) -> None:
        """Keep one more blob from being collected; before it is put in its place."""
        if sha256 in self._claims:
            return
        with storage_errors(self._layout.root), store_lock(self._layout):
            self._claims.add(sha256)
            write_json(self.folder / "claims.json", sorted(self._claims))

    def scratch(self, name: str) -> Path:
        """Folder that is removed with the session."""
        path = self.folder / name
        with storage_errors(path):
            path.mkdir(exist_ok=True)
        return path


def claimed(layout: Layout) -> set[str]:
    """Hashes and keys that living sessions need. The caller holds the store's lock."""
    claims: set[str] = set()
    dead = set(stale(layout))
    for folder in _folders(layout):
        if folder not in dead:
            try:
                claims.update(json.loads((folder / "claims.json").read_text(encoding="utf-8")))
            except FileNotFoundError:
                continue
    return claims


def stale(layout: Layout) -> list[Path]:
    """Folders of sessions whose process is gone."""
    left: list[Path] = []
    for folder in _folders(layout):
        lock = _lock_of(layout, folder.name)
        try:
            with lock.acquire(timeout=0):
                left.append(folder)
        except (Timeout, OSError):
            continue
    return left


def _folders(layout: Layout) -> list[Path]:
    try:
        return sorted(path for path in layout.sessions.iterdir() if path.is_dir())
    except FileNotFoundError:
        return []


def _clear(layout: Layout, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    layout.lock(folder.name).unlink(missing_ok=True)


def _lock_of(layout: Layout, name: str) -> FileLock:
    return FileLock(layout.lock(name), thread_local=False)
