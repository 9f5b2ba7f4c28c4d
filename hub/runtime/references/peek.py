"""Reads one small file of a repository into memory, to tell what the repository is before anything is pulled.

Checks size and sha256 where they are known, like the store does. Keeps nothing.
"""

from __future__ import annotations

import hashlib

from hub.errors import VerificationError
from hub.sources import Source
from hub.store.memory_sink import MemorySink
from hub.types import WeightFile

__all__ = ["LARGEST", "peek"]

LARGEST = 4 * 2**20


def peek(source: Source, file: WeightFile) -> bytes:
    """Bytes of a file, from the first of its sources.

    Raises
    ------
    VerificationError
        It is too large to be looked at, or not what was promised.
    """
    if (file.size or 0) > LARGEST:
        raise VerificationError(f"{file.path} is too large to be what its name says: {file.size} bytes")
    most = LARGEST if file.size is None else file.size
    too_large = f"{file.path} is larger than the {most} bytes it should have"
    sink = MemorySink(file, most, lambda: VerificationError(too_large))
    source.fetch(file.sources[0].partition(":")[2], sink)
    content = bytes(sink.content)
    if file.size not in {None, len(content)}:
        raise VerificationError(f"{file.path} has {len(content)} bytes and should have {file.size}")
    if file.sha256 not in {None, hashlib.sha256(content).hexdigest()}:
        raise VerificationError(f"{file.path} has not the sha256 that was promised")
    return content
