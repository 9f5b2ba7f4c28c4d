"""Pins unlisted repositories: what the first use found is what every later use gets, until the person says otherwise.

A pin is a JSON file in the `pins` folder of the home: the revision that was asked for, the commit that it was, and for
each file its size and, once known, its sha256. Knows nothing of where listings come from or how files are pulled.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock

from hub import config
from hub.errors import StorageError, VerificationError
from hub.sources import Listing
from hub.store.blobs import write_json
from hub.types import WeightFile

__all__ = ["is_commit", "learn", "pin_path", "pinned_listing"]

_SCHEMA = 1


def pinned_listing(scheme: str, locator: str, fetch: Callable[[str], Listing], *, refresh: bool = False) -> Listing:
    """Files of `scheme:locator` (`org/name[@revision]`) as they were at the first use.

    Parameters
    ----------
    fetch
        Gives the listing now, over the network: `Source.listing`. Called at the first use, and on `refresh`.
    refresh
        Ask again, and report what has changed since. A change is never taken.

    Raises
    ------
    VerificationError
        On `refresh`: the revision is another commit now, or files of the commit have other sizes or hashes. `details`
        says which; the hint is the command that accepts it.
    StorageError
        The pin cannot be read, or not be written.
    """
    path = pin_path(scheme, locator)
    pinned = _read(path)
    if pinned is not None and not refresh:
        return pinned
    listing = fetch(locator)
    if pinned is None:
        return _pin(path, f"{scheme}:{locator}", listing)
    changes = _changes(pinned, listing)
    if changes:
        raise VerificationError(
            f"'{scheme}:{locator}' has changed since it was pinned; the change is not taken",
            hint=f"Look at it first. To accept it, drop the pin and pull again: rm {shlex.quote(str(path))}",
            details=changes,
        )
    return pinned


def learn(scheme: str, locator: str, files: Iterable[WeightFile]) -> None:
    """Keep the sizes and hashes that pulling has found, so that the same commit can never give other bytes.

    Call it after a pull, with the files of the artifact. Files that the pin does not name are passed over.

    Raises
    ------
    VerificationError
        A file has another sha256 than the pin has.
    """
    path = pin_path(scheme, locator)
    pinned = _read(path)
    found = {file.path: file for file in files if file.sha256 is not None}
    if pinned is None or not any(file.sha256 is None and file.path in found for file in pinned.files):
        _check(pinned, found, f"{scheme}:{locator}")
        return
    with _lock(path):
        pinned = _read(path)
        if pinned is None:
            return
        _check(pinned, found, f"{scheme}:{locator}")
        known = tuple(
            replace(file, size=found[file.path].size, sha256=found[file.path].sha256) if file.path in found else file
            for file in pinned.files
        )
        _write(path, f"{scheme}:{locator}", replace(pinned, files=known))


def is_commit(revision: str) -> bool:
    """Whether a revision is a full commit hash, which can never name anything else."""
    return re.fullmatch("[0-9a-f]{40}", revision) is not None


def pin_path(scheme: str, locator: str) -> Path:
    """Where the pin of `scheme:locator` lies; it may not exist."""
    name = f"{scheme}:{locator}"
    readable = quote(name, safe="@").replace("%", "-")[:120]
    return config.home() / "pins" / f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:12]}.json"


def _pin(path: Path, name: str, listing: Listing) -> Listing:
    with _lock(path):
        first = _read(path)  # of several processes at once, the first one decides
        if first is not None:
            return first
        _write(path, name, listing)
        return listing


def _changes(pinned: Listing, now: Listing) -> list[str]:
    before = {file.path: file for file in pinned.files}
    after = {file.path: file for file in now.files}
    lines = [f"{path}: removed" for path in before if path not in after]
    lines += [f"{path}: added" for path in after if path not in before]
    for path in before.keys() & after.keys():
        old, new = before[path], after[path]
        if old.sha256 and new.sha256 and old.sha256 != new.sha256:
            lines.append(f"{path}: sha256 {old.sha256} is now {new.sha256}")
        elif None not in {old.size, new.size} and old.size != new.size:
            lines.append(f"{path}: {old.size} bytes are now {new.size}")
    moved = [] if pinned.revision == now.revision else [f"commit {pinned.revision} is now {now.revision}"]
    return moved + sorted(lines)


def _check(pinned: Listing | None, found: dict[str, WeightFile], name: str) -> None:
    wrong = [
        f"{file.path}: sha256 {file.sha256} was pinned, {found[file.path].sha256} came"
        for file in (pinned.files if pinned else ())
        if file.path in found and file.sha256 not in {None, found[file.path].sha256}
    ]
    if wrong:
        raise VerificationError(f"files of '{name}' are not the pinned ones", details=wrong)


def _read(path: Path) -> Listing | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(WeightFile(**{**file, "sources": tuple(file["sources"])}) for file in content["files"])
        if content["schema"] != _SCHEMA or not isinstance(content["commit"], str):
            raise ValueError(f"schema {content['schema']!r} is not {_SCHEMA}")
        return Listing(revision=content["commit"], files=files)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StorageError(
            f"the pin {path} cannot be read: {error}",
            hint=f"If you did not change it, drop it and pull again: rm {shlex.quote(str(path))}",
        ) from error


def _write(path: Path, name: str, listing: Listing) -> None:
    content = {
        "schema": _SCHEMA,
        "reference": name,
        "commit": listing.revision,
        "files": [asdict(file) for file in listing.files],
    }
    try:
        write_json(path, content)
    except OSError as error:
        raise _unwritable(path, error) from error


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    lock = FileLock(path.with_suffix(".lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"the pin {path} cannot be written: {error.strerror or error}", hint="Set HUB_HOME to a folder that is yours"
    )
