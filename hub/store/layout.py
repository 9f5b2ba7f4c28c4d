"""Where the store keeps what: one place that knows the folder names.

Knows nothing of what the files mean. See `docs/store.md` for the picture.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.errors import StorageError

__all__ = ["Layout", "storage_errors", "sync_folder"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below the store's root. Nothing is created by asking for a path."""

    root: Path

    @property
    def blobs(self) -> Path:
        """Folder of every blob, in folders named by the first two digits."""
        return self.root / "blobs" / "sha256"

    @property
    def seals(self) -> Path:
        """Folder of what was seen of each blob when it was last hashed."""
        return self.root / "seals"

    @property
    def partials(self) -> Path:
        """Folder of downloads that did not finish."""
        return self.root / "partial"

    @property
    def artifacts(self) -> Path:
        """Folder of artifacts, one folder each."""
        return self.root / "artifacts"

    @property
    def records(self) -> Path:
        """Folder of what the person pulled, one file each."""
        return self.root / "records"

    @property
    def sessions(self) -> Path:
        """Folder of pulls that are under way, one folder each."""
        return self.root / "sessions"

    @property
    def locks(self) -> Path:
        """Folder of lock files."""
        return self.root / "locks"

    def blob(self, sha256: str) -> Path:
        """Where the blob with this hash lies."""
        return self.blobs / sha256[:2] / sha256

    def seal(self, sha256: str) -> Path:
        """Where the seal of this blob lies."""
        return self.seals / sha256[:2] / f"{sha256}.json"

    def partial(self, key: str) -> Path:
        """Where an unfinished download lies; the key is the hash that it should have."""
        return self.partials / key

    def artifact(self, digest: str) -> Path:
        """Where the artifact `sha256:<hex>` lies."""
        return self.artifacts / digest.removeprefix("sha256:")

    def lock(self, name: str) -> Path:
        """Lock file of this name."""
        return self.locks / f"{name}.lock"

    def prepare(self) -> None:
        """Create the folders.

        Raises
        ------
        StorageError
            The home folder cannot be written.
        """
        with storage_errors(self.root):
            for folder in (
                self.blobs,
                self.seals,
                self.partials,
                self.artifacts,
                self.records,
                self.sessions,
                self.locks,
            ):
                folder.mkdir(parents=True, exist_ok=True)
                if not os.access(folder, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn an `OSError` of the store's disk into a `StorageError` that says what to do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            hint = "Free some space (hub gc shows what can go), or set HUB_HOME to a folder on another disk."
            raise StorageError(f"the disk of {path} is full: {reason}", hint=hint) from error
        hint = "Set HUB_HOME to a folder that you may write to."
        raise StorageError(f"{error.filename or path} cannot be written: {reason}", hint=hint) from error


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder last through a power cut, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
