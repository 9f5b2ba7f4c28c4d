"""Registries inside plugins' wheels, found without importing the plugins.

A package names its file in the entry-point group `hub.registries`: `name = "package:file.json"` or
`"package.folder:file.json"`. Knows nothing of what is in the file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "carried"]

GROUP = "hub.registries"


def carried() -> list[tuple[Path | None, str]]:
    """Path of each file, sorted by the entry point's name; `None` and the reason where it cannot be found."""
    if not any(_may_carry(folder) for folder in _metadata_folders()):
        return []
    from importlib.metadata import entry_points

    found: list[tuple[Path | None, str]] = []
    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        try:
            found.append((_locate(point), ""))
        except (ValueError, OSError, ImportError) as error:
            owner = point.dist.name if point.dist else "?"
            found.append(
                (None, f"the registry of plugin {owner} ({point.name} = {point.value}) is not usable: {error}")
            )
    return found


def _metadata_folders() -> Iterator[str]:
    """Folders that describe what is installed; looked at by hand, because `importlib.metadata` is slow to import."""
    for place in dict.fromkeys(sys.path):
        try:
            with os.scandir(place or ".") as entries:
                yield from (entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
        except OSError:
            continue


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
