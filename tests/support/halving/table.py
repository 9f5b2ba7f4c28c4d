"""A table of 256 vectors, one for each byte; a text's vector is the mean of those of its bytes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hub.errors import InferenceError, InputError
from hub.runtime.protocols import Emit, Model, OpenRequest, Session
from hub.types import OptionValue

Array = np.ndarray[Any, np.dtype[Any]]
DTYPES = {"F32": "<f4", "F16": "<f2"}


class Table(Session):
    """Answers `embed`."""

    concurrency = 4

    def __init__(self, table: Array) -> None:
        self.table = table

    def embed(self, texts: Sequence[str]) -> Array:
        """A vector for each text: float32 (texts, dim)."""
        if not all(texts):
            raise InputError("a text without letters has no vector")
        return np.stack([self.table[list(text.encode())].mean(axis=0) for text in texts])

    def close(self) -> None:
        """Give the memory back."""
        self.table = np.empty((0, 0), np.float32)


def open_table(request: OpenRequest) -> Session:
    """The backend's target."""
    [path] = [file for file in request.files if file.suffix == ".safetensors"]
    try:
        content = path.read_bytes()
        start = 8 + int.from_bytes(content[:8], "little")
        tensor = json.loads(content[8:start])["table"]
        table = np.frombuffer(content[start:], DTYPES[tensor["dtype"]]).reshape(tensor["shape"])
    except (KeyError, ValueError, TypeError) as error:
        raise InferenceError(f"{path.name} cannot be read: {error}") from error
    return Table(table.astype(np.float32))


class Vectors(Model):
    """Answers `feature-extraction`."""

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """A vector for each text."""
        return list(self.parts[""].embed(inputs))
