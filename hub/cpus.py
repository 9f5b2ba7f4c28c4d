"""How many threads are worth starting: the CPUs, or the physical cores, that this process may run on.

Knows affinity, the CPU quota of cgroups (both versions) and the topology of Linux; elsewhere it takes what the
operating system counts. Knows nothing of any runtime.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["allowed_cpus", "usable_cores", "usable_cpus"]

_SYSTEM = Path("/sys")


def allowed_cpus() -> frozenset[int]:
    """Numbers of the CPUs within the affinity mask."""
    found = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return frozenset(found)


def usable_cpus(system: Path = _SYSTEM) -> int:
    """CPUs within the affinity mask and the CPU quota, at least one."""
    return _within_quota(len(allowed_cpus()), system)


def usable_cores(system: Path = _SYSTEM) -> int:
    """Physical cores within the affinity mask and the CPU quota, at least one."""
    return _within_quota(len({_core(system, cpu) for cpu in allowed_cpus()}), system)


def _core(system: Path, cpu: int) -> str:
    """Name of the core that a logical CPU belongs to: the list of its hardware threads."""
    siblings = system / f"devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
    try:
        return siblings.read_text().strip()
    except OSError:
        return str(cpu)


def _within_quota(count: int, system: Path) -> int:
    """That many, or what the cgroup of this process may use, rounded up."""
    try:
        limit, period = (system / "fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            limit = (system / "fs/cgroup/cpu/cpu.cfs_quota_us").read_text().strip()
            period = (system / "fs/cgroup/cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return count
    if limit == "max" or int(limit) <= 0:
        return count
    return max(1, min(count, math.ceil(int(limit) / int(period))))
