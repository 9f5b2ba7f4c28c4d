"""Registries at https addresses, kept in the home folder and asked for again after an hour, by ETag.

What comes is checked whole before it replaces the copy. Where the network, the server or the new content fails, the
copy is used and that is said. Knows nothing of what the entries mean.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import msgspec

from hub import config
from hub.atomic import write_atomically
from hub.errors import HubError, RegistryError
from hub.registry.completed import completed
from hub.registry.decode import decode
from hub.registry.schema import Registry
from hub.registry.validate import validate
from hub.registry.web import check_address, get

__all__ = ["FRESH_SECONDS", "LARGEST", "read_remote"]

FRESH_SECONDS = 3600
LARGEST = 64 * 2**20


@completed
class _Copy(msgspec.Struct):
    """What is known of the copy on disk."""

    address: str
    etag: str
    checked: float


def read_remote(address: str, *, refresh: bool = False, network: bool = True) -> tuple[Registry, str]:
    """Registry at an address, and what the user should be told about how it was had (empty where all is well).

    Parameters
    ----------
    refresh
        Ask the server even if the copy is not an hour old.
    network
        Whether the server may be asked at all.

    Raises
    ------
    RegistryError
        There is no copy and the registry cannot be had.
    SchemaError
        There is no copy and the content breaks the schema.
    UsageError
        The address is not https (http is for this machine alone).
    """
    check_address(address)
    path = _path(address)
    copy = _load(path, address)
    if copy is not None and not refresh and abs(time.time() - copy.checked) < FRESH_SECONDS:
        return decode(path.read_bytes(), name=address), ""
    try:
        if not network or config.get("offline"):
            raise RegistryError(f"registry {address} was not asked for, to stay offline")
        return _fetch(address, path, copy)
    except HubError as error:
        if copy is None:
            raise
        registry = decode(path.read_bytes(), name=address)
        said = "; ".join([error.message, *error.details])
        return registry, f"{said}; the copy of {time.strftime('%Y-%m-%d %H:%M', time.localtime(copy.checked))} is used"


def _fetch(address: str, path: Path, copy: _Copy | None) -> tuple[Registry, str]:
    answer = get(address, largest=LARGEST, etag="" if copy is None else copy.etag)
    if answer.content is None:
        return decode(path.read_bytes(), name=address), _keep(path, None, address, answer.etag)
    registry = validate(answer.content, name=address, local=False)
    return registry, _keep(path, answer.content, address, answer.etag)


def _path(address: str) -> Path:
    return config.home() / "registries" / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.json"


def _load(path: Path, address: str) -> _Copy | None:
    try:
        copy = msgspec.json.decode(path.with_suffix(".copy").read_bytes(), type=_Copy)
        decode(path.read_bytes(), name=address)
    except (OSError, msgspec.MsgspecError, HubError):
        return None
    return copy if copy.address == address else None


def _keep(path: Path, content: bytes | None, address: str, etag: str) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            write_atomically(path, content)
        copy = _Copy(address=address, etag=etag, checked=time.time())
        write_atomically(path.with_suffix(".copy"), msgspec.json.encode(copy))
    except OSError as error:
        return f"the copy of registry {address} cannot be kept: {error.strerror or error}"
    return ""
