"""Where the control groups of this process lie: each of them, up to the root of its hierarchy, may limit it.

Knows both versions of Linux, and nothing of what is limited. Source: https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["groups"]


def groups(root: Path, controller: str) -> Iterator[tuple[int, Path]]:
    """Version and folder of each group, from the process's own upwards; none where the system has no groups.

    Parameters
    ----------
    root
        Root of the tree that holds `proc` and `sys`.
    controller
        `cpu` or `memory`.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    base = root / "sys/fs/cgroup"
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0":
            yield from ((2, folder) for folder in _upwards(base, path))
        elif controller in controllers.split(","):
            yield from ((1, folder) for folder in _upwards(base / controller, path))


def _upwards(base: Path, path: str) -> Iterator[Path]:
    folder = base / path.lstrip("/")
    while folder.is_relative_to(base):
        yield folder
        folder = folder.parent
