"""A sink that keeps what comes in memory, up to a size. Knows nothing of what it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hub.errors import HubError
from hub.types import WeightFile

__all__ = ["MemorySink"]


class MemorySink:
    """Takes one small file.

    Parameters
    ----------
    largest
        Bytes that it keeps at most.
    refusal
        Gives the error for more than that.
    """

    def __init__(self, file: WeightFile, largest: int, refusal: Callable[[], HubError]) -> None:
        self._file = file
        self._largest = largest
        self._refusal = refusal
        self.content = bytearray()

    @property
    def file(self) -> WeightFile:
        """What is fetched."""
        return self._file

    @property
    def offset(self) -> int:
        """Bytes that are here."""
        return len(self.content)

    def restart(self) -> None:
        """Drop what came."""
        self.content.clear()

    def write(self, chunk: bytes) -> None:
        """Keep more; refuse what is too large."""
        self.content += chunk
        if len(self.content) > self._largest:
            raise self._refusal()

    def adopt(self, path: Path) -> None:
        """Take the bytes of a file in place of what came."""
        self.restart()
        with path.open("rb") as stream:
            self.write(stream.read(self._largest + 1))

    def note(self, received: int) -> None:
        """Nothing is shown of what goes into memory."""
