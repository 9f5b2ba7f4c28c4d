"""How many threads are worth starting: the CPUs that this process may run on.

Knows affinity and the CPU quota of cgroups on Linux; elsewhere it takes what the operating system counts.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["cpus", "usable_cpus"]

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cpus() -> int:
    """CPUs within the affinity mask."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usable_cpus(quota: Path = _QUOTA) -> int:
    """CPUs within the affinity mask and the CPU quota, at least one."""
    try:
        limit, period = quota.read_text().split()
    except (OSError, ValueError):
        return cpus()
    return cpus() if limit == "max" else max(1, min(cpus(), math.ceil(int(limit) / int(period))))
