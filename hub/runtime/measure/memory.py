"""How much memory a process holds and has held at most. Knows nothing of models or accelerators."""

from __future__ import annotations

import re
import sys
from pathlib import Path

__all__ = ["peak_memory", "resident_memory"]

_LINUX = sys.platform.startswith("linux")
_MAC = sys.platform == "darwin"
_STATUS = Path("/proc/self/status")


def peak_memory() -> int | None:
    """Most bytes that this process was resident with; `None` where the system does not tell.

    On Linux `VmHWM`, since `ru_maxrss` begins with what the parent had when it started this process.
    """
    if _LINUX:
        return _status("VmHWM")
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if _MAC else most * 1024


def resident_memory() -> int | None:
    """Bytes that this process is resident with now; the most so far where the system tells no more than that."""
    return _status("VmRSS") if _LINUX else peak_memory()


def _status(name: str) -> int | None:
    try:
        match = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None
