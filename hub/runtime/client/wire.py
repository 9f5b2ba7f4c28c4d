"""How inputs and answers go over HTTP between a hub and a hub: MessagePack, with arrays as what they are.

Both ends use it. Nothing in it can carry code. Knows nothing of HTTP, models or kinds.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from hub import errors
from hub.errors import HubError, InferenceError, InputError
from hub.runtime.protocols import Delta

if TYPE_CHECKING:
    import numpy as np

__all__ = ["MEDIA_TYPE", "decode", "delta_from", "delta_to", "encode", "error_from", "error_to", "frame", "frames"]

MEDIA_TYPE = "application/x-hub-msgpack"
_ARRAY = 1
_LARGEST = 1 << 30
_KINDS = frozenset("biufc")


def encode(value: object) -> bytes:
    """A value of plain types, arrays, deltas and bytes.

    Raises
    ------
    InputError
        It holds something else.
    """
    try:
        return msgspec.msgpack.encode(value, enc_hook=_to_wire)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"this cannot be sent to a server: {error}") from error


def decode(data: bytes) -> Any:  # Any: what `encode` was given
    """What `encode` was given.

    Raises
    ------
    InputError
        These are no such bytes.
    """
    try:
        return msgspec.msgpack.decode(data, ext_hook=_from_wire)
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"this is no MessagePack of a hub: {error}") from error


def frame(value: object) -> bytes:
    """A value behind its length, four bytes, the highest first."""
    data = encode(value)
    return struct.pack(">I", len(data)) + data


def frames(read: Callable[[int], bytes]) -> Iterator[Any]:  # Any: as of `decode`
    """Values of a stream, until it ends.

    Raises
    ------
    InferenceError
        It ends in the middle of a value.
    """
    while head := read(4):
        size = struct.unpack(">I", head)[0] if len(head) == 4 else _LARGEST + 1
        data = read(size) if size <= _LARGEST else b""
        if len(data) != size:
            raise InferenceError("the server ended its answer in the middle")
        yield decode(data)


def delta_to(delta: Delta) -> tuple[Any, ...]:  # Any: plain values
    """A delta as plain values."""
    return (delta.index, delta.text, delta.ids, delta.value)


def delta_from(told: Sequence[Any]) -> Delta:  # Any: plain values
    """The delta that was told."""
    index, text, ids, value = told
    return Delta(index=index, text=text, ids=tuple(ids), value=value)


def error_to(error: HubError) -> dict[str, Any]:  # Any: of JSON
    """An error as plain values."""
    kind = next(kind for kind in type(error).__mro__ if getattr(errors, kind.__name__, None) is kind)
    return {
        "kind": kind.__name__,
        "message": error.message,
        "hint": error.hint,
        "details": list(error.details),
    }


def error_from(told: Mapping[str, Any]) -> HubError:  # Any: of JSON
    """The error that was told; `InferenceError` where its kind is not known here."""
    kind = getattr(errors, str(told.get("kind", "")), None)
    if not (isinstance(kind, type) and issubclass(kind, HubError)):
        kind = InferenceError
    details = told.get("details")
    lines = tuple(map(str, details)) if isinstance(details, list) else ()
    return kind(str(told.get("message", "the server failed")), hint=str(told.get("hint", "")), details=lines)


def _to_wire(value: Any) -> Any:  # Any: what msgspec does not know
    import numpy as np

    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in _KINDS:
        shown = (value.dtype.str, list(value.shape), np.ascontiguousarray(value).tobytes())
        return msgspec.msgpack.Ext(_ARRAY, msgspec.msgpack.encode(shown))
    raise TypeError(f"{type(value).__name__} has no wire form")


def _from_wire(code: int, data: memoryview) -> Any:  # Any: an array
    if code == _ARRAY:
        return _array(*msgspec.msgpack.decode(data))
    raise ValueError(f"extension {code} is not known")


def _array(dtype: str, shape: list[int], content: bytes) -> np.ndarray[Any, Any]:  # Any: of the dtype
    import numpy as np

    kind = np.dtype(dtype)
    if kind.kind not in _KINDS:
        raise ValueError(f"an array of {dtype} is not taken")
    return np.frombuffer(content, kind).reshape(shape).copy()
