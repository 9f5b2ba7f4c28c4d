"""Reads the head of a GGUF file: what the model is, and whether the file is whole.

Follows https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little endian). Reads no tensor
data, and knows nothing of the sizes of quantized blocks: a file that was cut inside its last tensor passes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO

__all__ = ["GGUFError", "check", "find_text", "read_metadata"]

Scalar = int | float | bool | str
_MAGIC = b"GGUF"
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_LONGEST_STRING = 1 << 26
_LONGEST_HEAD = 1 << 26


class GGUFError(ValueError):
    """The file is not GGUF, or not all of it is there."""


class _Reader:
    """Reads the little-endian primitives of the format, and refuses to read past the end."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.stream = stream
        self.size = size

    def take(self, count: int) -> bytes:
        data = self.stream.read(count)
        if len(data) != count:
            raise GGUFError(f"it ends after {self.size} bytes, inside its header")
        return data

    def scalar(self, code: str) -> int | float | bool:
        value: int | float | bool = struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]
        return value

    def count(self, code: str = "Q") -> int:
        return int(self.scalar(code))

    def string(self) -> str:
        length = self.count()
        if length > _LONGEST_STRING:
            raise GGUFError(f"its header holds a string of {length} bytes")
        return self.take(length).decode("utf-8", "replace")

    def skip(self, count: int) -> None:
        if self.stream.tell() + count > self.size:
            raise GGUFError(f"it ends after {self.size} bytes, inside its header")
        self.stream.seek(count, 1)

    def value(self, kind: int) -> Scalar | None:
        """One value; arrays are passed over and give `None`."""
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            self._pass_array()
            return None
        if kind not in _SCALARS:
            raise GGUFError(f"its header holds a value of unknown type {kind}")
        return self.scalar(_SCALARS[kind])

    def _pass_array(self) -> None:
        kind, length = self.count("I"), self.count()
        if kind in _SCALARS:
            self.skip(length * struct.calcsize("<" + _SCALARS[kind]))
            return
        if kind != _STRING:
            raise GGUFError(f"its header holds an array of type {kind}")
        for _ in range(length):
            self.skip(self.count())


def read_metadata(path: Path, enough: Callable[[dict[str, Scalar]], bool] = lambda _: False) -> dict[str, Scalar]:
    """Read keys and plain values in file order until `enough` says so; vocabularies and other arrays are left out.

    Raises
    ------
    GGUFError
        The file is not GGUF, or ends inside its header.
    """
    with path.open("rb") as stream:
        reader = _Reader(stream, path.stat().st_size)
        return _metadata(reader, _start(reader)[1], enough)


def check(path: Path) -> None:
    """Read the whole header and see that every tensor starts inside the file.

    Raises
    ------
    GGUFError
        With what is wrong.
    """
    with path.open("rb") as stream:
        reader = _Reader(stream, path.stat().st_size)
        tensors, keys = _start(reader)
        metadata = _metadata(reader, keys, lambda _: False)
        offsets: dict[str, int] = {}
        for _ in range(tensors):
            name = reader.string()
            reader.skip(8 * reader.count("I") + 4)
            offsets[name] = reader.count()
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment < 1:
            raise GGUFError(f"its header says that data is aligned to {alignment!r} bytes")
        data = -(-stream.tell() // alignment) * alignment
    for name, offset in offsets.items():
        if data + offset >= reader.size:
            raise GGUFError(f"it ends after {reader.size} bytes, and tensor '{name}' starts at byte {data + offset}")


def _start(reader: _Reader) -> tuple[int, int]:
    """Counts of tensors and of metadata keys."""
    if reader.size < 24 or reader.take(4) != _MAGIC:
        raise GGUFError("it does not begin as a GGUF file does")
    version = reader.count("I")
    if version not in (2, 3):
        raise GGUFError(f"it is of GGUF version {version}; 2 and 3 are known")
    return reader.count(), reader.count()


def _metadata(reader: _Reader, keys: int, enough: Callable[[dict[str, Scalar]], bool]) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    for _ in range(keys):
        name = reader.string()
        value = reader.value(reader.count("I"))
        if value is not None:
            found[name] = value
            if enough(found):
                break
    return found


def find_text(path: Path, key: str) -> str | None:
    """A text that lies behind the vocabulary, found without reading that; `None` where the head holds none."""
    name = key.encode()
    mark = struct.pack("<Q", len(name)) + name + struct.pack("<I", _STRING)
    with path.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as data:
        found = data.find(mark, 0, _LONGEST_HEAD)
        if found < 0:
            return None
        start = found + len(mark) + 8
        length = struct.unpack("<Q", data[found + len(mark) : start])[0] if start <= len(data) else 0
        return data[start : start + min(length, _LONGEST_STRING)].decode("utf-8", "replace")
