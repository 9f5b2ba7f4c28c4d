"""Reads `model.bin`, the binary form in which CTranslate2 keeps weights: names, shapes and numbers, and no code.

The form is that of `ctranslate2/specs/model_spec.py`, version 6 and those before it back to 4. Knows nothing of what
the weights compute.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from hub.errors import InferenceError

__all__ = ["Binary", "read_binary"]

Array = np.ndarray[Any, np.dtype[Any]]

_VERSIONS = range(4, 7)
_DTYPES = ("float32", "int8", "int16", "int32", "float16")
_BFLOAT16 = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Binary:
    """What the file holds.

    Parameters
    ----------
    spec
        Name of the architecture: `WhisperSpec`, `TransformerSpec`.
    variables
        Name to array; those of one tensor are one array.
    """

    spec: str
    revision: int
    variables: Mapping[str, Array]

    def number(self, name: str) -> int:
        """A variable that is one integer."""
        return int(self.variables[name].reshape(-1)[0])


def read_binary(path: Path) -> Binary:
    """Read the whole file; arrays are views of it, so it takes memory only where they are used.

    Raises
    ------
    InferenceError
        It is damaged, or of a version that is not known.
    """
    try:
        with path.open("rb") as file:
            return _Reader(file, path).read()
    except (struct.error, UnicodeDecodeError, EOFError, KeyError, ValueError, OSError) as error:
        raise InferenceError(f"{path} is not a whole file of CTranslate2: {error}") from error


class _Reader:
    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._bytes = np.memmap(path, np.uint8, "r")

    def read(self) -> Binary:
        version = self._integer("I")
        if version not in _VERSIONS:
            raise ValueError(f"its version is {version}, and {_VERSIONS[0]} to {_VERSIONS[-1]} are known")
        spec, revision = self._text(), self._integer("I")
        variables = dict(self._variables(self._integer("I")))
        for _ in range(self._integer("I") if version > 2 else 0):
            alias, name = self._text(), self._text()
            variables[alias] = variables[name]
        return Binary(spec=spec, revision=revision, variables=variables)

    def _variables(self, count: int) -> Iterator[tuple[str, Array]]:
        for _ in range(count):
            name = self._text()
            shape = [self._integer("I") for _ in range(self._integer("B"))]
            dtype, size = self._integer("B"), self._integer("I")
            if dtype > _BFLOAT16:
                raise ValueError(f"'{name}' has the unknown type {dtype}")
            start = self._file.tell()
            if start + size > len(self._bytes):
                raise EOFError(f"it ends inside of '{name}'")
            raw = self._bytes[start : start + size]
            self._file.seek(size, 1)
            yield name, self._array(raw, dtype).reshape(shape)

    @staticmethod
    def _array(raw: Array, dtype: int) -> Array:
        if dtype < _BFLOAT16:
            return raw.view(_DTYPES[dtype])
        return (raw.view(np.uint16).astype(np.uint32) << 16).view(np.float32)

    def _integer(self, form: str) -> int:
        size = struct.calcsize(form)
        content = self._file.read(size)
        if len(content) < size:
            raise EOFError("it ends too early")
        found: int = struct.unpack(f"<{form}", content)[0]
        return found

    def _text(self) -> str:
        size = self._integer("H")
        return self._file.read(size).removesuffix(b"\0").decode("utf-8")
