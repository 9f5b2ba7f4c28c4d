"""The two ends of a file or of bytes, read without the rest of it. Knows nothing of types."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hub.errors import InputError

__all__ = ["Ends", "read_ends"]


@dataclass(frozen=True, slots=True)
class Ends:
    """What a file begins and ends with, and its size in bytes; both ends are all of it where it is short."""

    head: bytes
    tail: bytes
    size: int


def read_ends(given: object, count: int) -> Ends:
    """At most `count` bytes of each end.

    Raises
    ------
    InputError
        It cannot be read, or is no plain file: a folder, a pipe, a device.
    """
    if isinstance(given, bytes | bytearray | memoryview):
        data = bytes(given)
        return Ends(data[:count], data[-count:], len(data))
    if not isinstance(given, str | Path):
        raise InputError(f"a file is a path or bytes, not {type(given).__name__}")
    path = Path(given)
    try:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "no plain file" if path.exists() else "not there"
            raise InputError(f"{path} cannot be read: it is {what}")
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            head = stream.read(count)
            if len(head) >= size:  # also where the system tells no size, as below /proc
                return Ends(head, head, len(head))
            stream.seek(max(0, size - count))
            return Ends(head, stream.read(count), size)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
