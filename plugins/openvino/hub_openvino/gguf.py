"""Reads the head of a GGUF file: whether it is whole, and whether GenAI's reader builds what is in it.

Follows https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little endian). Reads no tensor.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from hub_openvino.facts import GGUF_FAMILIES, GGUF_TYPES, GGUF_WIDENED, type_fault

__all__ = ["GGUFError", "TypeFault", "check"]

_MAGIC = b"GGUF"
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_LONGEST_STRING = 1 << 26
_MOST_DIMENSIONS = 4
_NAMES = {kind.value: kind.name.lower() for kind in GGMLQuantizationType}
_BLOCKS = {kind.name.lower(): size for kind, size in GGML_QUANT_SIZES.items()}  # values and bytes of a block
_SCALED = "rope_freqs.weight"
_LEFT_OUT = "which the GGUF reader of OpenVINO GenAI leaves out"


class GGUFError(ValueError):
    """The file is not GGUF, not all of it is there, or it holds what GenAI's reader does not build."""


class TypeFault(GGUFError):
    """GenAI's reader would not take a tensor over as it is, and a conversion makes it float16."""


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

    def value(self, kind: int) -> int | float | bool | str | None:
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


def check(path: Path, types: Collection[str] = GGUF_TYPES) -> None:
    """Read the whole header.

    Parameters
    ----------
    types
        Those of which matrices may be.

    Raises
    ------
    GGUFError
        With what is wrong; a `TypeFault` where a conversion mends it.
    """
    with path.open("rb") as stream:
        reader = _Reader(stream, path.stat().st_size)
        tensors, keys = _start(reader)
        metadata = {}
        for _ in range(keys):
            name = reader.string()
            metadata[name] = reader.value(reader.count("I"))
        family = str(metadata.get("general.architecture", ""))
        if family not in GGUF_FAMILIES:
            raise GGUFError(f"GGUF of '{family}' is not read; known: {', '.join(GGUF_FAMILIES)}")
        scaling = metadata.get(f"{family}.rope.scaling.type", "none")
        if scaling != "none":
            raise GGUFError(f"its positions are scaled by '{scaling}', {_LEFT_OUT}")
        ends = [_tensor(reader, types) for _ in range(tensors)]
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment < 1:
            raise GGUFError(f"its header says that data is aligned to {alignment!r} bytes")
        data = -(-stream.tell() // alignment) * alignment
    for name, end in ends:
        if data + end > reader.size:
            raise GGUFError(f"it ends after {reader.size} bytes, and tensor '{name}' at byte {data + end}")


def _start(reader: _Reader) -> tuple[int, int]:
    """Counts of tensors and of metadata keys."""
    if reader.size < 24 or reader.take(4) != _MAGIC:
        raise GGUFError("it does not begin as a GGUF file does")
    version = reader.count("I")
    if version not in (2, 3):
        raise GGUFError(f"it is of GGUF version {version}; 2 and 3 are known")
    return reader.count(), reader.count()


def _tensor(reader: _Reader, types: Collection[str]) -> tuple[str, int]:
    """Name of the next tensor, and where its data ends."""
    name, dimensions = reader.string(), reader.count("I")
    if name == _SCALED:
        raise GGUFError(f"its positions are scaled by '{name}', {_LEFT_OUT}")
    if dimensions > _MOST_DIMENSIONS:
        raise GGUFError(f"tensor '{name}' has {dimensions} dimensions")
    shape = [reader.count() for _ in range(dimensions)]
    number = reader.count("I")
    kind = _NAMES.get(number, f"type {number}")
    if kind not in types and (dimensions > 1 or kind != "f32"):
        fault = TypeFault if kind in GGUF_WIDENED else GGUFError
        raise fault(f"tensor '{name}' is {kind.upper()}: {type_fault(kind)}")
    values, size = _BLOCKS[kind]
    return name, reader.count() + -(-math.prod(shape) // values) * size
