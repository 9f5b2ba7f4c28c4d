"""Gets one blob: locked across processes, resumed where it can be, from the first source that gives the right bytes.

Knows nothing of models and artifacts.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256 as new_sha256
from pathlib import Path

from filelock import FileLock, Timeout

from hub.errors import HubError, SourceError, StorageError, VerificationError
from hub.store.blobs import Blobs, Seal
from hub.store.layout import Layout, storage_errors, sync_folder
from hub.store.pool import SourcePool
from hub.store.progress import Progress
from hub.store.session import Session
from hub.store.sink import BlobSink, Stopped
from hub.types import WeightFile

__all__ = ["Transfer", "key_of"]

_POLL_SECONDS = 0.1


def key_of(file: WeightFile) -> str:
    """Name of the partial file and of the lock: the hash, or one of the first source where the hash is not known."""
    if file.sha256 is not None:
        return file.sha256
    return "unpinned-" + new_sha256("\n".join(file.sources).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a source did not give the file."""

    source: str
    error: HubError

    def __str__(self) -> str:
        message = self.error.message
        return message if self.source in message else f"{self.source}: {message}"


class Transfer:
    """The downloads of one pull; `get` may be called by several threads."""

    def __init__(
        self,
        layout: Layout,
        blobs: Blobs,
        session: Session,
        pool: SourcePool,
        progress: Progress,
        stop: threading.Event,
    ) -> None:
        self._layout = layout
        self._blobs = blobs
        self._session = session
        self._pool = pool
        self._progress = progress
        self._stop = stop

    def get(self, file: WeightFile) -> WeightFile:
        """Make sure that the blob of a file is here; the file comes back with its size and hash.

        Raises
        ------
        VerificationError
            A source gave other bytes than promised, and no other gave the right ones.
        SourceError
            No source could give it; `details` says why, for each.
        StorageError
            The disk refused.
        """
        key = key_of(file)
        lock = FileLock(self._layout.lock(key), thread_local=False)
        with storage_errors(self._layout.root):
            self._acquire(lock, file)
        try:
            if file.sha256 is not None and self._present(file, file.sha256):
                return file
            return self._fetch(file, self._layout.partial(key))
        finally:
            lock.release()

    def _acquire(self, lock: FileLock, file: WeightFile) -> None:
        with suppress(Timeout):
            lock.acquire(timeout=0)
            return
        self._progress.say(f"{file.path}: another process is downloading it; waiting for that one")
        while True:
            if self._stop.is_set():
                raise Stopped
            with suppress(Timeout):
                lock.acquire(timeout=_POLL_SECONDS)
                return

    def _present(self, file: WeightFile, sha256: str) -> bool:
        state = self._blobs.state(sha256)
        if state == "damaged":
            self._progress.say(f"{file.path}: damaged on the disk, not sha256 {sha256} any more; removed")
        if state != "intact":
            with storage_errors(self._layout.root):
                self._blobs.remove(sha256)
        return state == "intact"

    def _fetch(self, file: WeightFile, partial: Path) -> WeightFile:
        sink = BlobSink(file, partial, self._progress, self._stop)
        try:
            sink.open()
            if self._already(sink):
                return self._keep(sink, partial)
            failures: list[Failure] = []
            for source in file.sources:
                error = self._attempt(sink, source)
                if error is None:
                    return self._keep(sink, partial)
                failures.append(Failure(source, error))
                if len(failures) < len(file.sources):
                    self._progress.say(f"{failures[-1]}; trying the next source")
            raise _combined(file, failures)
        finally:
            sink.close()

    @staticmethod
    def _already(sink: BlobSink) -> bool:
        """Whether an interrupted pull had all bytes; they are thrown away where they are not the right ones."""
        if sink.file.sha256 is None or sink.offset != sink.file.size:
            return False
        try:
            sink.source = "an interrupted pull"
            sink.finish()
        except VerificationError:
            sink.discard()
            return False
        return True

    def _attempt(self, sink: BlobSink, source: str) -> HubError | None:
        resumed = sink.offset > 0
        error = self._try(sink, source)
        if isinstance(error, VerificationError):
            sink.discard()
            if resumed:  # What was left may have been wrong, not what came.
                self._progress.say(f"{sink.file.path}: what an interrupted pull left was wrong; starting again")
                error = self._try(sink, source)
                if isinstance(error, VerificationError):
                    sink.discard()
        return error

    def _try(self, sink: BlobSink, source: str) -> HubError | None:
        scheme, _, locator = source.partition(":")
        sink.source = source
        try:
            with self._pool.borrow(scheme) as provider:
                provider.fetch(locator, sink)
            sink.finish()
        except StorageError:
            raise
        except HubError as error:
            failure = error
        except Exception as error:  # a plugin's source may raise anything, and the next one is tried
            failure = SourceError(f"the source '{scheme}' failed: {type(error).__name__}: {error}")
            failure.__cause__ = error
        else:
            return None
        if isinstance(sink.fault, StorageError):
            raise sink.fault
        return sink.fault or failure

    def _keep(self, sink: BlobSink, partial: Path) -> WeightFile:
        """Put what was verified in its place, with one rename or one link."""
        file = sink.file
        assert file.sha256 is not None
        self._session.claim(file.sha256)
        blob = self._layout.blob(file.sha256)
        with storage_errors(self._layout.root):
            blob.parent.mkdir(parents=True, exist_ok=True)
            if sink.adopted is None:
                partial.chmod(0o444)
                os.replace(partial, blob)
                sync_folder(blob.parent)
            else:
                _link(sink.adopted, blob)
            self._blobs.remember(file.sha256, Seal.of(blob, sink.source))
        return file


def _link(path: Path, blob: Path) -> None:
    """Hard-link a file of a shared cache; a symlink where that is another disk or another owner's."""
    blob.unlink(missing_ok=True)
    try:
        os.link(path, blob)
    except OSError:
        blob.symlink_to(path)


def _combined(file: WeightFile, failures: Sequence[Failure]) -> HubError:
    """One error for all sources: of their kind where they agree, a refusal as soon as one of them lied."""
    if not failures:
        return SourceError(f"{file.path} names no source")
    kinds = {type(failure.error) for failure in failures}
    lied = [failure.error for failure in failures if isinstance(failure.error, VerificationError)]
    kind: type[HubError] = kinds.pop() if len(kinds) == 1 else SourceError
    if lied:
        kind = VerificationError
    hint = next((failure.error.hint for failure in failures if failure.error.hint), "")
    if len(failures) == 1:
        only = failures[0].error
        message = only.message if lied else f"{file.path} could not be had: {failures[0]}"
        error = kind(message, hint=hint, details=only.details)
    else:
        verdict = "was refused: no source gave what was promised" if lied else "could not be had from any source"
        lines = [str(failure) for failure in failures]
        error = kind(f"{file.path} {verdict}", hint=hint, details=lines)
    error.__cause__ = failures[-1].error
    return error
