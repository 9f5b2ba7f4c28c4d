"""Registries of others that this machine reads: pinned when they are added, and changed only when the person says so.

What a tap held when it was pinned is kept in the `taps` folder of the home. Once an hour its server is asked, by ETag,
whether it still holds that; where it does not, or cannot be had, the pinned content is used and that is said. Knows
nothing of how entries are found.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from pathlib import Path

import msgspec

from hub import config
from hub.atomic import write_atomically
from hub.errors import HubError, RegistryError, StorageError, UsageError
from hub.registry.building import INDEX
from hub.registry.shelf import Shelf, WholeShelf
from hub.registry.sparse import SparseShelf, read_index
from hub.registry.tap_list import Tap, folder_of, read_taps, write_taps
from hub.registry.validate import validate
from hub.registry.web import check_address, get

__all__ = ["FRESH_SECONDS", "fetch_tap", "keep_tap", "open_tap", "remove_tap", "shelf_of", "watched"]

FRESH_SECONDS = 3600.0
LARGEST = 64 * 2**20
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")


def fetch_tap(address: str, *, name: str = "", first: bool = False) -> tuple[Tap, bytes]:
    """What is at an address or path now, checked whole: the tap that it would be, and its content.

    An address that ends in a folder, or in `index.json`, is one of a static index.

    Raises
    ------
    RegistryError, SchemaError
        It cannot be had, or breaks the schema.
    UsageError
        The address is not https, or the name is none.
    """
    sparse, place = _place(address)
    content, etag = _get(place)
    own = read_index(content, place).name if sparse else validate(content, name=place, local="://" not in place).name
    given = name or own
    if not _NAME.fullmatch(given):
        raise UsageError(f"'{given}' is no name for a tap", hint="Lower-case letters, digits, '.', '_' and '-'")
    now = time.time()
    sha256 = hashlib.sha256(content).hexdigest()
    tap = Tap(name=given, address=place, sha256=sha256, pinned=now, sparse=sparse, first=first, etag=etag, checked=now)
    return tap, content


def keep_tap(tap: Tap, content: bytes) -> None:
    """Pin a tap: keep its content, and list it; one of the same name is replaced in its place.

    Raises
    ------
    RegistryError
        A part of the index cannot be had.
    StorageError
        The home cannot be written.
    """
    if tap.sparse:
        _sparse(tap, content).prepare()
    try:
        folder_of(tap).mkdir(parents=True, exist_ok=True)
        write_atomically(folder_of(tap) / _kept_name(tap), content)
    except OSError as error:
        raise StorageError(f"{folder_of(tap)} cannot be written: {error.strerror or error}") from error
    taps = read_taps()
    places = {each.name: place for place, each in enumerate(taps)}
    if tap.name in places:
        taps[places[tap.name]] = tap
    else:
        taps.append(tap)
    write_taps(taps)


def remove_tap(name: str) -> Tap:
    """Forget a tap and what was kept of it.

    Raises
    ------
    UsageError
        There is none of this name.
    """
    taps = read_taps()
    found = next((each for each in taps if each.name == name or each.address == name), None)
    if found is None:
        known = ", ".join(each.name for each in taps) or "none"
        raise UsageError(f"there is no tap '{name}'; there is: {known}", hint="See: hub registry tap list")
    write_taps([each for each in taps if each is not found])
    shutil.rmtree(folder_of(found), ignore_errors=True)
    return found


def open_tap(tap: Tap) -> Shelf:
    """The pinned content of a tap, as a shelf.

    Raises
    ------
    RegistryError
        What was kept is gone or damaged, and the server has it no more.
    """
    path = folder_of(tap) / _kept_name(tap)
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != tap.sha256:
        content = _again(tap, path)
    shelf = shelf_of(tap, content)
    if isinstance(shelf, SparseShelf) and not shelf.ready():
        shelf.prepare()
    return shelf


def shelf_of(tap: Tap, content: bytes) -> Shelf:
    """Content that was just fetched, as a shelf; the parts of an index are fetched as they are asked for.

    Raises
    ------
    RegistryError
        It cannot be read.
    """
    if tap.sparse:
        return _sparse(tap, content)
    from hub.registry.decode import decode

    return WholeShelf(decode(content, name=tap.address), name=tap.name)


def watched(taps: list[Tap], *, network: bool = True, fresh: float | None = None) -> list[Tap]:
    """The same taps, with what their servers say where that was not asked for an hour."""
    limit = FRESH_SECONDS if fresh is None else fresh
    if not network or config.get("offline"):
        return taps
    now = time.time()
    looked = [_looked(tap) if abs(now - tap.checked) >= limit else tap for tap in taps]
    if looked != taps:
        try:
            write_taps(looked)
        except StorageError:
            return looked
    return looked


def _looked(tap: Tap) -> Tap:
    now = time.time()
    try:
        if tap.remote:
            answer = get(tap.address, largest=LARGEST, etag=tap.etag, head=bool(tap.etag))
            same = answer.content is None or hashlib.sha256(answer.content).hexdigest() == tap.sha256
        else:
            same = hashlib.sha256(_get(tap.address)[0]).hexdigest() == tap.sha256
    except HubError as error:
        said = f"tap '{tap.name}': {error.message}; what was pinned on {tap.day} is used"
        return msgspec.structs.replace(tap, checked=now, said=said)
    update = f"tap '{tap.name}' has changed since it was pinned on {tap.day}: hub registry tap update {tap.name}"
    return msgspec.structs.replace(tap, checked=now, changed=not same, said="" if same else update)


def _again(tap: Tap, path: Path) -> bytes:
    if config.get("offline"):
        raise RegistryError(f"tap '{tap.name}' is not on this disk, and hub is told to stay offline")
    content, _ = _get(tap.address)
    if hashlib.sha256(content).hexdigest() != tap.sha256:
        raise RegistryError(
            f"tap '{tap.name}' is not on this disk as it was pinned, and {tap.address} holds something else now",
            hint=f"See what has changed: hub registry tap update {tap.name}",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError:
        return content
    return content


def _sparse(tap: Tap, content: bytes) -> SparseShelf:
    base = tap.address[: -len(INDEX)]

    def fetch(path: str, largest: int) -> bytes:
        return _get(base + path, largest=largest)[0]

    index = read_index(content, tap.address)
    return SparseShelf(index, folder_of(tap), fetch, where=tap.address, name=tap.name, local=not tap.remote)


def _place(address: str) -> tuple[bool, str]:
    """Whether an address is one of an index, and the address of its top file."""
    if "://" in address:
        check_address(address)
        folder = address.endswith("/")
        return folder or address.endswith("/" + INDEX), address + INDEX if folder else address
    path = Path(address).expanduser().absolute()
    if path.is_dir():
        return True, str(path / INDEX)
    return path.name == INDEX, str(path)


def _get(place: str, *, largest: int = LARGEST) -> tuple[bytes, str]:
    if "://" in place:
        answer = get(place, largest=largest)
        return answer.content or b"", answer.etag
    try:
        with Path(place).open("rb") as stream:
            content = stream.read(largest + 1)
    except OSError as error:
        raise RegistryError(f"registry {place} cannot be read: {error.strerror or error}") from error
    if len(content) > largest:
        raise RegistryError(f"registry {place} is larger than {largest} bytes")
    return content, ""


def _kept_name(tap: Tap) -> str:
    return f"pinned-{tap.sha256[:16]}.json"
