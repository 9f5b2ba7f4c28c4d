"""Inputs as they come over HTTP, and answers as JSON. A stranger's text is never taken for the path of a file.

Knows kinds; knows no interface.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from hub.plugin.host import get_host
from hub.plugin.specs import TaskSpec
from hub.runtime.kinds.codecs import Codecs
from hub.server.faults import Fault
from hub.types import JSON

__all__ = ["as_count", "as_input", "as_json", "file_answer", "is_file"]


def as_count(text: str) -> int | None:
    """A number of a query or a header, from 0; `None` where it is none, or longer than any that means something."""
    return int(text) if text.isdecimal() and len(text) < 19 else None


def is_file(task: TaskSpec) -> bool:
    """Whether the inputs of a task are files: pictures, sounds, documents."""
    return Codecs(get_host()).reads(task.inputs[0])


def as_input(task: TaskSpec, given: Any, place: str) -> Any:  # Any: JSON or bytes, and what the task takes
    """One input of a task. A file is bytes, or their base64 with or without `data:` before it.

    Raises
    ------
    Fault
        It is none.
    """
    if not is_file(task):
        if isinstance(given, bytes):
            raise Fault(400, "invalid_input", f"'{task.id}' takes {' or '.join(task.inputs)} as JSON", param=place)
        return given
    if isinstance(given, bytes):
        return given
    codecs = Codecs(get_host())
    if not isinstance(given, str):
        if any(not codecs.reads(kind) for kind in task.inputs) and isinstance(given, dict | list):
            return given
        raise Fault(400, "invalid_input", f"'{task.id}' takes {task.inputs[0]}, as base64", param=place)
    text = given.partition(",")[2] if given.startswith("data:") else given
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Fault(400, "invalid_input", f"this is no base64: {error}", param=place) from error


def file_answer(task: TaskSpec, answer: object) -> tuple[bytes, str] | None:
    """An answer as a file of its kind, and its media type; `None` where answers of the task are JSON."""
    codecs = Codecs(get_host())
    kind = codecs.spec(task.outputs[0])
    if kind is None or kind.write is None:
        return None
    return codecs.write(kind.id, answer), kind.media


def as_json(value: object) -> JSON:
    """An answer as JSON: arrays as lists, numbers of numpy as numbers."""
    if isinstance(value, np.ndarray | np.generic):
        plain: JSON = value.tolist()
        return plain
    if isinstance(value, None | bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Sequence | set | frozenset):
        return [as_json(each) for each in value]
    return str(value) if isinstance(value, PurePath) else repr(value)
