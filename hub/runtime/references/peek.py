"""Reads one small file of a repository into memory, to tell what the repository is before anything is pulled.

Checks size and sha256 where they are known, like the store does. Keeps nothing.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from hub.errors import VerificationError
from hub.sources import Source
from hub.types import WeightFile

__all__ = ["LARGEST", "peek"]

LARGEST = 4 * 2**20


class _Memory:
    """A sink that keeps a small file."""

    def __init__(self, file: WeightFile) -> None:
        self._file = file
        self.content = bytearray()

    @property
    def file(self) -> WeightFile:
        return self._file

    @property
    def offset(self) -> int:
        return len(self.content)

    def restart(self) -> None:
        self.content.clear()

    def write(self, chunk: bytes) -> None:
        self.content += chunk
        most = LARGEST if self._file.size is None else self._file.size
        if len(self.content) > most:
            raise VerificationError(f"{self._file.path} is larger than the {most} bytes it should have")

    def adopt(self, path: Path) -> None:
        self.restart()
        with path.open("rb") as stream:
            self.write(stream.read(LARGEST + 1))

    def note(self, received: int) -> None:
        """Nothing is shown for a file of this size."""


def peek(source: Source, file: WeightFile) -> bytes:
    """Bytes of a file, from the first of its sources.

    Raises
    ------
    VerificationError
        It is too large to be looked at, or not what was promised.
    """
    if (file.size or 0) > LARGEST:
        raise VerificationError(f"{file.path} is too large to be what its name says: {file.size} bytes")
    sink = _Memory(file)
    source.fetch(file.sources[0].partition(":")[2], sink)
    content = bytes(sink.content)
    if file.size not in {None, len(content)}:
        raise VerificationError(f"{file.path} has {len(content)} bytes and should have {file.size}")
    if file.sha256 not in {None, hashlib.sha256(content).hexdigest()}:
        raise VerificationError(f"{file.path} has not the sha256 that was promised")
    return content
