"""Brings what was written to the disk: file by file, or the whole file system at once where there are many.

Two thousand small files take two thousand turns of the disk, or one. Knows nothing of what was written.
"""

from __future__ import annotations

import ctypes
import errno
import os
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["Disk"]

_MANY = 64
_AT_ONCE = 16


class Disk:
    """The file system below a folder.

    Keeps the folder open: what fails while the system writes is reported to whoever had it open before.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None

    def watch(self) -> None:
        """From now on, `sync_all` reports what fails to be written."""
        if self._handle is None:
            self._handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            weakref.finalize(self, os.close, self._handle)

    def sync_files(self, paths: Iterable[Path]) -> None:
        """Have files on the disk.

        Raises
        ------
        OSError
            The disk is full or fails.
        """
        self._sync(list(paths), _sync_file)

    def sync_folders(self, paths: Iterable[Path]) -> None:
        """Have the names in folders on the disk."""
        self._sync(list(paths), _sync_folder)

    def _sync(self, paths: list[Path], one: Callable[[Path], None]) -> None:
        if len(paths) > _MANY and self._sync_all():
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:  # the disk takes many at once for the price of one
            list(pool.map(one, paths))

    def _sync_all(self) -> bool:
        """Have all of the file system on the disk; whether this system can.

        References
        ----------
        syncfs(2): errors of writing are reported since Linux 5.8.
        """
        self.watch()
        call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if call is None:
            return False
        if call(self._handle) == 0:
            return True
        number = ctypes.get_errno()
        if number in {errno.ENOSYS, errno.EINVAL}:
            return False
        raise OSError(number, os.strerror(number))


def _sync_folder(folder: Path) -> None:
    _sync_path(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync_file(path: Path) -> None:
    _sync_path(path, os.O_RDONLY)


def _sync_path(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
