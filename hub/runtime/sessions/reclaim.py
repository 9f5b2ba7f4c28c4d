"""Gives freed memory back to the operating system.

Without this, the C library keeps what a runtime freed for later: a closed model of 90 MB still counts against the
process. Knows nothing of models.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress

__all__ = ["reclaim"]


def reclaim() -> None:
    """Collect garbage, then have glibc return its free pages; other C libraries do that by themselves."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # musl has no such function
            ctypes.CDLL(None).malloc_trim(0)
