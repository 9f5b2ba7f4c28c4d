"""What a process of this machine takes: bytes of memory and seconds of CPU. Reads `/proc`; 0 where there is none."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

__all__ = ["cpu_seconds", "resident"]


def resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 where nobody tells."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(fields[1]) * _page()


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a process has used; 0 where nobody tells."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _ticks()


@cache
def _page() -> int:
    return os.sysconf("SC_PAGE_SIZE")


@cache
def _ticks() -> int:
    return os.sysconf("SC_CLK_TCK")
