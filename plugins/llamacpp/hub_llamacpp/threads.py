"""How many threads are worth starting: the physical cores that this process may run on.

Knows affinity and the CPU quota of cgroups on Linux; elsewhere it takes what the operating system counts.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["usable_cores"]

_SYSTEM = Path("/sys")


def usable_cores(system: Path = _SYSTEM) -> int:
    """Physical cores within the affinity mask and the CPU quota, at least one."""
    logical = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores = {_core(system, cpu) for cpu in logical}
    return max(1, min(len(cores), _quota(system)))


def _core(system: Path, cpu: int) -> str:
    """Name of the core that a logical CPU belongs to: the list of its hardware threads."""
    siblings = system / f"devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
    try:
        return siblings.read_text().strip()
    except OSError:
        return str(cpu)


def _quota(system: Path) -> int:
    """CPUs that the cgroup of this process may use, rounded up; a large number where there is no limit."""
    unlimited = 1 << 16
    try:
        limit, period = (system / "fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            limit = (system / "fs/cgroup/cpu/cpu.cfs_quota_us").read_text().strip()
            period = (system / "fs/cgroup/cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return unlimited
    if limit == "max" or int(limit) <= 0:
        return unlimited
    return math.ceil(int(limit) / int(period))
