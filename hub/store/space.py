"""Whether the disk has room for what a pull would write, asked before anything is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

from hub.errors import StorageError
from hub.sizes import human_size
from hub.store.layout import Layout, storage_errors
from hub.store.transfer import key_of
from hub.types import WeightFile

__all__ = ["check_space", "needed_space"]


def needed_space(layout: Layout, missing: Iterable[WeightFile]) -> int:
    """Bytes that are still to be written; what an interrupted pull left counts."""
    total = 0
    for file in missing:
        try:
            held = layout.partial(key_of(file)).stat().st_size
        except OSError:
            held = 0
        total += max(0, (file.size or 0) - held)
    return total


def check_space(layout: Layout, missing: Iterable[WeightFile], label: str) -> None:
    """Refuse a pull that the disk cannot hold.

    Raises
    ------
    StorageError
        It says how much is needed and how much is free.
    """
    needed = needed_space(layout, missing)
    with storage_errors(layout.root):
        free = shutil.disk_usage(layout.root).free
    if needed > free:
        raise StorageError(
            f"{label} needs {_exact(needed)} more on the disk of {layout.root}, and {_exact(free)} are free",
            hint="Free some space (hub gc shows what can go), or set HUB_HOME to a folder on another disk.",
        )


def _exact(count: int) -> str:
    return f"{human_size(count)} ({count} bytes)"
