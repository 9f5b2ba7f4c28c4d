"""Registries inside plugins' wheels, found without importing the plugins.

A package names its file in the entry-point group `hub.registries`: `name = "package:file.json"` or
`"package.folder:file.json"`. Knows nothing of what is in the file.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "carried"]

GROUP = "hub.registries"
_SETTLING = 10_000_000_000
"""Nanoseconds for which what is written into a folder that is there already may still be missing."""


def carried() -> list[tuple[Path | None, str]]:
    """Path of each file, sorted by the entry point's name; `None` and the reason where it cannot be found."""
    found: list[tuple[Path | None, str]] = []
    for point in _installed():
        try:
            found.append((_locate(point), ""))
        except (ValueError, OSError, ImportError) as error:
            owner = point.dist.name if point.dist else "?"
            found.append(
                (None, f"the registry of plugin {owner} ({point.name} = {point.value}) is not usable: {error}")
            )
    return found


def _installed() -> tuple[EntryPoint, ...]:
    """Entry points of what is installed: looked for once, and again when a place on the path has changed."""
    places = tuple((place, _changed(place)) for place in dict.fromkeys(sys.path))
    settled = time.time_ns() - max((changed for _, changed in places), default=0) > _SETTLING
    return _kept(places) if settled else _points(places)


def _points(places: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    if not any(_may_carry(folder) for place, _ in places for folder in _metadata_folders(place)):
        return ()
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)))


_kept = lru_cache(maxsize=1)(_points)


def _changed(place: str) -> int:
    """When something was last put into a folder or taken out, in ns; 0 if it cannot be told."""
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:
        return 0


def _metadata_folders(place: str) -> Iterator[str]:
    """Folders that describe what is installed; looked at by hand, because `importlib.metadata` is slow to import."""
    try:
        with os.scandir(place or ".") as entries:
            yield from (entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
    except OSError:
        return


def _may_carry(folder: str) -> bool:
    try:
        return GROUP.encode() in Path(folder, "entry_points.txt").read_bytes()
    except OSError:
        return False


def _locate(point: EntryPoint) -> Path:
    package, colon, name = point.value.partition(":")
    if not colon or not name.endswith(".json") or "/" in name or "\\" in name:
        raise ValueError("it must read 'package:file.json'")
    top, *folders = package.strip().split(".")
    if not all(part.isidentifier() for part in (top, *folders)):
        raise ValueError(f"'{package}' is not the name of a package")
    spec = find_spec(top)  # a top-level name: found on the path, not imported
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"there is no package '{top}'")
    for root in spec.submodule_search_locations:
        path = Path(root, *folders, name)
        if path.is_file():
            return path
    raise ValueError(f"there is no file '{name}' in '{package}'")
