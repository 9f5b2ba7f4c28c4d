"""Bytes of a registry to its types: fast where they are right, with a full report where they are not.

The fast way is one pass of msgspec, which checks every constraint of `hub.registry.schema`; it is the only one that
`hub search` takes. Knows nothing of files and addresses beyond the name that a message gives them.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from hub.errors import RegistryError, SchemaError
from hub.registry.schema import SCHEMA, Registry

__all__ = ["decode", "parse"]

_UPGRADE = "Upgrade hub: python -m pip install --upgrade openmodelhub"


def decode(content: bytes, *, name: str) -> Registry:
    """Read a registry; fields that this version does not know are ignored.

    Parameters
    ----------
    name
        What messages call it: a path or an address.

    Raises
    ------
    RegistryError
        It is not JSON, or of a schema that this version does not know.
    SchemaError
        It breaks the schema; `details` has every fault with its JSON path.
    """
    try:
        registry = msgspec.json.decode(content, type=Registry)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        from hub.registry.structure import faults

        found = faults(parse(content, name=name)) or [str(error)]
        raise SchemaError(f"registry {name} breaks the schema", details=found) from error
    _check_number(registry.schema, name)
    return registry


def parse(content: bytes, *, name: str) -> dict[str, Any]:  # Any: JSON of a stranger, not checked yet
    """Read JSON whose top is an object of our schema number; what is wrong is said with line and column."""
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise RegistryError(f"registry {name} is not UTF-8: byte {error.start}") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RegistryError(f"registry {name} is not JSON: {error.msg} ({where})") from error
    except RecursionError as error:
        raise RegistryError(f"registry {name} is not usable: it nests too deeply") from error
    except ValueError as error:
        raise RegistryError(f"registry {name} is not usable: {error}") from error
    try:
        msgspec.json.decode(content)  # what only one of two readers takes would be accepted here and refused later
    except msgspec.DecodeError as error:
        raise RegistryError(f"registry {name} is not usable: {error}") from error
    if not isinstance(value, dict):
        raise RegistryError(f"registry {name} holds no JSON object")
    number = value.get("schema")
    if isinstance(number, int) and not isinstance(number, bool):
        _check_number(number, name)
    return value


def _check_number(number: int, name: str) -> None:
    if number > SCHEMA:
        raise RegistryError(
            f"registry {name} has schema {number}; this version of hub reads schema {SCHEMA}", hint=_UPGRADE
        )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"an object has the key {json.dumps(twice)} twice")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
