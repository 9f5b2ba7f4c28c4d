"""The contract of a source: it pushes the bytes of one file into a sink, which hashes and keeps them.

A source is never trusted: the sink checks size and sha256. Knows nothing of models, registries or terminals.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hub.types import WeightFile

__all__ = ["Listing", "Sink", "Source", "SourceContext"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceContext:
    """What a source is made with: a private scratch folder that is removed afterwards, and whether to stay offline."""

    scratch: Path
    offline: bool = False


class Sink(Protocol):
    """Where a source puts the bytes of one file."""

    @property
    def file(self) -> WeightFile:
        """What is expected."""

    @property
    def offset(self) -> int:
        """Bytes that an earlier, interrupted attempt left; a source that can resumes from there."""

    def restart(self) -> None:
        """Throw away what is held: the source begins again at 0."""

    def write(self, chunk: bytes) -> None:
        """Append bytes. Raises `VerificationError` as soon as more come than the file may have."""

    def adopt(self, path: Path) -> None:
        """Take a complete file that is already on disk and stays there, such as one in a shared cache."""

    def note(self, received: int) -> None:
        """Report bytes received elsewhere since the last note, such as a wheel that is downloading."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """Files of a repository at a revision that is resolved to an immutable commit."""

    revision: str
    files: tuple[WeightFile, ...]


class Source(Protocol):
    """Made for each pull by the target of a `SourceSpec`; one instance is used by one thread at a time.

    Files of one pull are fetched a few at once, each from an instance of its own. A source whose files share a download
    (several files of one wheel) sets the class attribute `exclusive = True`: then there is one instance a pull.
    """

    def fetch(self, locator: str, sink: Sink) -> None:
        """Push the bytes of `locator` (what follows the scheme and its colon) into the sink.

        Raises
        ------
        NotFound, AccessDenied, Offline, SourceError
            With the reason and what the user can do.
        """

    def listing(self, locator: str) -> Listing:
        """Files of a repository: `org/name[@revision]`. A source without repositories raises `SourceError`."""

    def close(self) -> None:
        """Free what is held."""
