"""How many threads are worth starting: the CPUs, or the physical cores, that this process may run on.

Knows affinity, the CPU quota of cgroups (both versions) and the topology of Linux; elsewhere it takes what the
operating system counts. Knows nothing of any runtime.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from hub.cgroups import groups

__all__ = ["allowed_cpus", "usable_cores", "usable_cpus"]

_ROOT = Path("/")


def allowed_cpus() -> frozenset[int]:
    """Numbers of the CPUs within the affinity mask."""
    found = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return frozenset(found)


def usable_cpus(root: Path = _ROOT) -> int:
    """CPUs within the affinity mask and the CPU quota, at least one."""
    return _within_quota(len(allowed_cpus()), root)


def usable_cores(root: Path = _ROOT) -> int:
    """Physical cores within the affinity mask and the CPU quota, at least one."""
    return _within_quota(len({_core(root, cpu) for cpu in allowed_cpus()}), root)


def _core(root: Path, cpu: int) -> str:
    """Name of the core that a logical CPU belongs to: the list of its hardware threads."""
    siblings = root / f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
    try:
        return siblings.read_text().strip()
    except OSError:
        return str(cpu)


def _within_quota(count: int, root: Path) -> int:
    """That many, or what the cgroups of this process may use, rounded up."""
    for version, folder in groups(root, "cpu"):
        try:
            if version == 2:
                limit, period = (folder / "cpu.max").read_text().split()
            else:
                limit, period = (_line(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        except (OSError, ValueError):
            continue
        if limit != "max" and int(limit) > 0:
            count = min(count, math.ceil(int(limit) / int(period)))
    return max(1, count)


def _line(path: Path) -> str:
    return path.read_text().strip()
