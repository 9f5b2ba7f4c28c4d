"""Where the mirror keeps what, below its root.

::

    ROOT/catalogue.sqlite   repositories, commits, accounts, tokens (hashes of them)
    ROOT/blobs/ab/cd/…      contents, each named by its sha256, never changed
    ROOT/incoming/          contents on their way; nothing else refers to them
    ROOT/parts/             parts of uploads that come in several
    ROOT/xorbs/             blocks of Xet uploads until their files are put together
    ROOT/run/               counters of the worker processes, locks
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hub.errors import StorageError

__all__ = ["Places"]


@dataclass(frozen=True, slots=True)
class Places:
    """Folders below a root."""

    root: Path

    @property
    def catalogue(self) -> Path:
        """The SQLite file."""
        return self.root / "catalogue.sqlite"

    @property
    def blobs(self) -> Path:
        """Contents by sha256."""
        return self.root / "blobs"

    @property
    def incoming(self) -> Path:
        """Contents on their way."""
        return self.root / "incoming"

    @property
    def parts(self) -> Path:
        """Parts of uploads."""
        return self.root / "parts"

    @property
    def xorbs(self) -> Path:
        """Blocks of Xet uploads."""
        return self.root / "xorbs"

    @property
    def run(self) -> Path:
        """What lives as long as the server."""
        return self.root / "run"

    def make(self) -> Places:
        """Make the folders; those of others may not look in.

        Raises
        ------
        StorageError
            They cannot be made.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o750)
            for folder in (self.blobs, self.incoming, self.parts, self.xorbs, self.run):
                folder.mkdir(exist_ok=True, mode=0o750)
        except OSError as error:
            raise StorageError(
                f"{self.root} cannot hold a mirror: {error.strerror or error}",
                hint="Name a folder that is yours: hub mirror serve --root DIR",
            ) from error
        return self
