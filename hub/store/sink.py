"""Where the bytes of one file arrive: written to the partial file, counted and hashed on the way, verified at the end.

Knows nothing of sources but their names, and nothing of what follows a verified file.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO

from hub.errors import HubError, SourceError, StorageError, VerificationError
from hub.store.blobs import CHUNK, Seal, hash_file
from hub.store.flush import Flusher
from hub.store.hashing import StreamHash
from hub.store.layout import storage_errors
from hub.store.progress import Progress
from hub.types import WeightFile

__all__ = ["BlobSink", "Stopped"]


class Stopped(BaseException):
    """The pull was stopped; not an `Exception`, so that no source takes it for a fault of its own."""


class BlobSink:
    """Sink of one file; see `hub.sources.Sink`. The caller holds the lock of the blob.

    Parameters
    ----------
    partial
        File that an interrupted download may have left, and that this one writes.
    stop
        Set by whoever wants the pull to end: the next `write` raises `Stopped`.
    """

    def __init__(self, file: WeightFile, partial: Path, progress: Progress, stop: threading.Event) -> None:
        self._file = file
        self._partial = partial
        self._progress = progress
        self._stop = stop
        self._hash = StreamHash()
        self._held = 0
        self._shown = 0
        self._noted = 0
        self._stream: BinaryIO | None = None
        self._flusher: Flusher | None = None
        self.adopted: Path | None = None
        self.fault: HubError | None = None
        self.source = ""

    @property
    def file(self) -> WeightFile:
        """What is expected."""
        return self._file

    @property
    def offset(self) -> int:
        """Bytes that are held."""
        return self._held

    def open(self) -> None:
        """Open the partial file and hash what it holds; throw it away where it cannot be part of this file."""
        size = self._file.size
        with storage_errors(self._partial):
            self._stream = self._partial.open("ab", buffering=0)
            self._flusher = Flusher(self._stream.fileno())
            held = self._stream.tell()
            if held and (self._file.sha256 is None or size is None or held > size):
                self._stream.truncate(0)
                held = 0
            self._progress.begin(self._file.path, size, held)
            self._shown = held
            with self._partial.open("rb", buffering=0) as left:
                while self._held < held and (chunk := left.read(CHUNK)):
                    self._check_stop()
                    self._hash.update(chunk)
                    self._held += len(chunk)

    def restart(self) -> None:
        """Throw away what is held."""
        if self._stream is None:
            self.open()
        assert self._stream is not None
        with storage_errors(self._partial):
            self._stream.truncate(0)
        self._hash.close()
        self._hash = StreamHash()
        self._held = 0
        self._progress.advance(self._file.path, -self._shown)
        self._shown = self._noted = 0

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self._check_stop()
        if self.fault is not None:
            raise self.fault
        chunk = bytes(chunk)
        size = self._file.size
        if size is not None and self._held + len(chunk) > size:
            self.fault = self._lie(f"{size} bytes", f"more than {size} bytes")
            raise self.fault
        assert self._stream is not None
        assert self._flusher is not None
        try:
            with storage_errors(self._partial):
                rest = memoryview(chunk)
                while rest:
                    rest = rest[self._stream.write(rest) :]
        except StorageError as error:
            self.fault = error
            raise
        self._hash.update(chunk)
        self._flusher.wrote(len(chunk))
        self._held += len(chunk)
        self._show(self._held)

    def adopt(self, path: Path) -> None:
        """Hash a file that stays where it is."""
        self._check_stop()
        path = path.resolve()
        try:
            seal = Seal.of(path, self.source)
            sha256, size = hash_file(path, self.note)
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or error}") from error
        self._check(sha256, size, path)
        if not seal.holds(path):
            raise SourceError(f"{path} changed while it was read")
        self.adopted = path
        self._file = _completed(self._file, sha256, size)

    def note(self, received: int) -> None:
        """Show bytes that are received elsewhere."""
        self._check_stop()
        self._noted += received
        self._show(self._noted)

    def finish(self) -> None:
        """Verify what the source pushed, and put it on the disk for good; `file` is then complete.

        Raises
        ------
        VerificationError
            The size or the hash is not what was promised.
        """
        if self.fault is not None:
            raise self.fault
        if self.adopted is not None:
            return
        assert self._flusher is not None
        sha256 = self._hash.hexdigest()
        self._check(sha256, self._held)
        with storage_errors(self._partial):
            self._flusher.finish()
        self._file = _completed(self._file, sha256, self._held)

    def discard(self) -> None:
        """Remove what was refused, and be ready for another source."""
        self.fault = None
        self.restart()

    def close(self) -> None:
        """Close the partial file; it stays where a later pull can go on with it."""
        self._hash.close()
        if self._stream is not None and self._flusher is not None:
            self._flusher.stop()
            self._stream.close()
            self._stream = None
            if self._held == 0 or self.adopted is not None or self._file.sha256 is None:
                self._partial.unlink(missing_ok=True)
        self._progress.end(self._file.path)

    def _check(self, sha256: str, size: int, where: Path | None = None) -> None:
        expected = self._file
        if expected.size is not None and size != expected.size:
            raise self._lie(f"{expected.size} bytes", f"{size} bytes", where)
        if expected.sha256 is not None and sha256 != expected.sha256:
            raise self._lie(f"sha256 {expected.sha256}", f"sha256 {sha256}", where)

    def _lie(self, expected: str, got: str, where: Path | None = None) -> VerificationError:
        """Error that names both; what was written is removed, what lies in a shared cache (`where`) is not taken."""
        end = "removed" if where is None else "not taken"
        name = f"{self._file.path} from {self.source}"
        return VerificationError(f"{name} is not what was promised: expected {expected}, got {got}; {end}")

    def _show(self, position: int) -> None:
        total = self._file.size
        position = position if total is None else min(position, total)
        if position > self._shown:
            self._progress.advance(self._file.path, position - self._shown)
            self._shown = position

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped


def _completed(file: WeightFile, sha256: str, size: int) -> WeightFile:
    return WeightFile(path=file.path, size=size, sha256=sha256, sources=file.sources, part=file.part)
