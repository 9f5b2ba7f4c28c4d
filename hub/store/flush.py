"""Brings what is written to the disk while more arrives, so that the sync at the end has little left to do.

Without it a large file would wait in memory until its last byte. Knows nothing of what is written.
"""

from __future__ import annotations

import os
import threading

__all__ = ["Flusher"]

_STEP = 32 << 20
_sync = getattr(os, "fdatasync", os.fsync)


class Flusher:
    """Syncs an open file from a thread of its own, after every 32 MiB. Used by one thread.

    Parameters
    ----------
    handle
        File descriptor; stays open until `finish` or `stop` came back.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._changed = threading.Condition()
        self._waiting = 0
        self._ended = False
        self._error: OSError | None = None
        self._thread: threading.Thread | None = None

    def wrote(self, count: int) -> None:
        """So many more bytes were written."""
        self._waiting += count
        if self._waiting < _STEP:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="hub-sync", daemon=True)
            self._thread.start()
        with self._changed:
            self._changed.notify()

    def finish(self) -> None:
        """Sync all of it.

        Raises
        ------
        OSError
            The disk failed, now or on the way: the system tells each failure only once.
        """
        self.stop()
        if self._error is not None:
            raise self._error
        os.fsync(self._handle)

    def stop(self) -> None:
        """End the thread; what is not on the disk yet is left to the system."""
        if self._thread is not None:
            with self._changed:
                self._ended = True
                self._changed.notify()
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while self._error is None:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._waiting >= _STEP)
                if self._ended:
                    return
                self._waiting = 0
            try:
                _sync(self._handle)
            except OSError as error:
                self._error = error
