"""What this process holds: open files, threads, memory of Python and numpy, memory in all. For leaks.

Knows nothing of what could hold it.
"""

from __future__ import annotations

import threading
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

from hub.runtime.measure.memory import resident_memory
from hub.runtime.sessions.reclaim import reclaim

__all__ = ["Held"]

_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """Counts, and bytes. `files` is 0 where the system does not tell."""

    files: int
    threads: int
    allocated: int
    resident: int

    @classmethod
    def now(cls) -> Held:
        """After garbage was collected. `allocated` counts from when tracemalloc was started."""
        reclaim()
        return cls(
            files=len(list(_DESCRIPTORS.iterdir())) if _DESCRIPTORS.is_dir() else 0,
            threads=threading.active_count(),
            allocated=tracemalloc.get_traced_memory()[0],
            resident=resident_memory() or 0,
        )

    def leaks_since(self, before: Held, weights: int) -> list[str]:
        """What there is more of than noise, in words, where weights of so many bytes were opened and closed often."""
        found = []
        if self.files > before.files + 1:
            found.append(f"{self.files - before.files} files are still open")
        if self.threads > before.threads + 1:
            found.append(f"{self.threads - before.threads} threads still run")
        if self.allocated - before.allocated > 2 * weights + (256 << 10):
            found.append(f"Python and numpy hold {(self.allocated - before.allocated) >> 10} KiB more")
        if self.resident - before.resident > 4 * weights + (48 << 20):
            found.append(f"the process holds {(self.resident - before.resident) >> 20} MiB more")
        return found
