"""Finds every place where a JSON value differs from the types of the schema, not only the first.

msgspec stops at the first fault. This walks down the same types: fields of an object and items of an array are looked
at on their own, and msgspec judges what cannot be taken apart. Knows nothing of what the values mean.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any, get_args, get_origin

import msgspec

from hub.registry.schema import Registry

__all__ = ["faults"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def faults(value: object) -> list[str]:
    """Each fault of a registry as `$.models[0].id: what is wrong`; empty where there is none."""
    return _walk(value, Registry, "$")


def _walk(value: object, kind: Any, path: str) -> list[str]:  # Any: a type expression
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    found: list[str] = []
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct) and isinstance(value, dict):
        found = _fields(value, bare, path)
    elif get_origin(bare) is tuple and isinstance(value, list):
        for index, item in enumerate(value):
            found += _walk(item, get_args(bare)[0], f"{path}[{index}]")
    elif get_origin(bare) is dict and isinstance(value, dict):
        for name, item in value.items():
            found += _walk(item, get_args(bare)[1], path + _step(name))
    return found or _judge(value, kind, path)


def _fields(value: dict[str, object], kind: type[msgspec.Struct], path: str) -> list[str]:
    found: list[str] = []
    for field in _fields_of(kind):
        if field.encode_name in value:
            found += _walk(value[field.encode_name], field.type, path + _step(field.encode_name))
        elif field.required:
            found.append(f"{path}: the field '{field.encode_name}' is missing")
    return found


@cache
def _fields_of(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _judge(value: object, kind: Any, path: str) -> list[str]:  # Any: a type expression
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        reason = str(error).partition(" - at `")[0]
        return [f"{path}: {reason[:1].lower()}{reason[1:]}{_shown(value)}"]
    except RecursionError:
        return [f"{path}: nests too deeply"]
    return []


def _shown(value: object) -> str:
    if not isinstance(value, str | int | float):
        return ""
    text = repr(value)
    return f", got {text if len(text) <= 60 else text[:57] + '…'}"


def _step(name: str) -> str:
    return f".{name}" if _PLAIN.fullmatch(name) else f"[{name!r}]"
