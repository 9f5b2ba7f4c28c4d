"""Tensors of the Open Inference Protocol, as JSON and in binary, to inputs of a task and from its answers.

Texts and files are tensors of `BYTES`; vectors and other arrays are `FP32`; every other answer is `BYTES` that hold
JSON. See https://github.com/open-inference/open-inference-protocol and Triton's binary extension. Knows no model.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from hub.plugin.specs import TaskSpec
from hub.server.apis.values import as_count, as_json, file_answer, is_file
from hub.server.faults import Fault

__all__ = ["DTYPES", "Given", "Written", "read_inputs", "split_body", "write_output"]

DTYPES: Mapping[str, str] = {
    "BOOL": "?",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}
_MOST = 4096


class Given(msgspec.Struct):
    """A tensor of a request."""

    name: str
    shape: Annotated[list[Annotated[int, Meta(ge=0, lt=1 << 31)]], Meta(max_length=32)]
    datatype: str
    data: Any = None  # Any: nested lists of JSON
    parameters: dict[str, Any] = {}  # Any: JSON


class Written(msgspec.Struct):
    """A tensor of an answer: the head of it, and its bytes where they go behind the JSON."""

    head: dict[str, Any]  # Any: JSON
    content: bytes | None = None


def split_body(body: bytes, header: str) -> tuple[bytes, bytes]:
    """The JSON of a request, and the bytes of tensors behind it.

    Raises
    ------
    Fault
        The length in the header is none.
    """
    if not header:
        return body, b""
    length = as_count(header)
    if length is None or length > len(body):
        raise Fault(400, "invalid_request", "Inference-Header-Content-Length is not the length of the JSON")
    return body[:length], body[length:]


def read_inputs(task: TaskSpec, tensors: Sequence[Given], binary: bytes) -> list[Any]:  # Any: what the task takes
    """Inputs of a task from the one tensor that it takes.

    Raises
    ------
    Fault
        There are other tensors, or this one is of another type or shape.
    """
    name = task.inputs[0]
    if len(tensors) != 1 or tensors[0].name != name:
        raise Fault(400, "invalid_input", f"'{task.id}' takes one tensor, '{name}'", param="inputs")
    tensor = tensors[0]
    if tensor.datatype != "BYTES":
        raise Fault(400, "invalid_input", f"'{name}' is of BYTES, not {tensor.datatype}", param="inputs[0].datatype")
    size = tensor.parameters.get("binary_data_size")
    items: list[Any] = _unpacked(binary) if isinstance(size, int) else _flat(tensor.data)
    if math.prod(tensor.shape) != len(items) or not 1 <= len(items) <= _MOST:
        raise Fault(
            400, "invalid_input", f"shape {tensor.shape} is not that of {len(items)} elements", param="inputs[0]"
        )
    return [_read(task, item) for item in items]


def write_output(task: TaskSpec, results: Sequence[Any], *, binary: bool) -> Written:  # Any: of the task's output kind
    """The one tensor of an answer."""
    values = np.stack([np.asarray(each, np.float32) for each in results]) if _are_arrays(results) else None
    name = task.outputs[0]
    if values is not None:
        head: dict[str, Any] = {"name": name, "datatype": "FP32", "shape": list(values.shape)}
        if not binary:
            return Written({**head, "data": values.reshape(-1).tolist()})
        content = values.astype("<f4").tobytes()
    else:
        items = [_bytes(task, each) for each in results]
        head = {"name": name, "datatype": "BYTES", "shape": [len(items)]}
        if not binary:
            return Written({**head, "data": [_text(item) for item in items]})
        content = b"".join(struct.pack("<I", len(item)) + item for item in items)
    return Written({**head, "parameters": {"binary_data_size": len(content)}}, content)


def _read(task: TaskSpec, item: Any) -> Any:  # Any: JSON or bytes, and what the task takes
    if is_file(task):
        if isinstance(item, bytes):
            return item
        try:
            return base64.b64decode(str(item), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Fault(400, "invalid_input", f"a file in JSON is base64: {error}", param="inputs[0].data") from error
    try:
        text = item.decode() if isinstance(item, bytes) else item
    except UnicodeDecodeError as error:
        raise Fault(400, "invalid_input", f"a text is UTF-8: {error}", param="inputs[0].data") from error
    if not isinstance(text, str):
        raise Fault(400, "invalid_input", "elements of BYTES are texts", param="inputs[0].data")
    if "text" in task.inputs:
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise Fault(400, "invalid_input", f"'{task.id}' takes JSON: {error}", param="inputs[0].data") from error


def _unpacked(content: bytes) -> list[bytes]:
    found, at = [], 0
    while at + 4 <= len(content):
        size = struct.unpack_from("<I", content, at)[0]
        if at + 4 + size > len(content):
            break
        found.append(content[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(content):
        raise Fault(400, "invalid_input", "the bytes behind the JSON are no tensor of BYTES", param="inputs[0]")
    return found


def _flat(data: Any) -> list[Any]:  # Any: nested lists of JSON
    if not isinstance(data, list):
        raise Fault(400, "invalid_input", "the tensor has no data", param="inputs[0].data")
    found, left = [], [iter(data)]
    while left:  # as deep as it may be
        for item in left[-1]:
            if isinstance(item, list):
                left.append(iter(item))
                break
            found.append(item)
        else:
            left.pop()
    return found


def _are_arrays(results: Sequence[Any]) -> bool:  # Any: of the task's output kind
    return bool(results) and all(
        isinstance(each, np.ndarray) and each.dtype.kind == "f" and each.shape == results[0].shape for each in results
    )


def _bytes(task: TaskSpec, result: object) -> bytes:
    written = file_answer(task, result)
    if written is not None:
        return written[0]
    shown = as_json(result)
    return shown.encode() if isinstance(shown, str) else msgspec.json.encode(shown)


def _text(item: bytes) -> str:
    try:
        return item.decode()
    except UnicodeDecodeError:
        return base64.b64encode(item).decode("ascii")
