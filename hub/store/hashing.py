"""Sha256 of a stream, in a thread beside the one that receives it: hashing costs no time while the line is slower.

Knows nothing of files.
"""

from __future__ import annotations

import hashlib
import queue
import threading

__all__ = ["StreamHash"]

_WAITING = 16


class StreamHash:
    """Hashes what it is given, in order. Used by one thread; `hexdigest` waits until all is hashed."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._queue: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None

    def update(self, chunk: bytes) -> None:
        """Take the next bytes; waits where hashing has fallen behind."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="hub-sha256", daemon=True)
            self._thread.start()
        self._queue.put(chunk)

    def hexdigest(self) -> str:
        """Hash of everything given so far, in hex."""
        self.close()
        return self._digest.hexdigest()

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (chunk := self._queue.get()) is not None:
            self._digest.update(chunk)
