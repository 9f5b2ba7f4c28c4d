"""Has the C library keep the memory that a model frees, for the next layer that asks for as much.

On a CPU each activation is freed as soon as the next layer has read it. glibc gives blocks of some size back to the
system at once, and the next layer has to have its pages mapped and cleared anew, which costs a small convolutional
network up to a quarter of its time. Knows nothing of models; other C libraries are left as they are.

Source: https://man7.org/linux/man-pages/man3/mallopt.3.html
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

__all__ = ["keep_freed"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # numbers of mallopt's parameters
_KEPT = 256 << 20
"""Bytes that stay with the process at the end of a heap."""
_LARGE = 32 << 20
"""Bytes from which on a block is mapped on its own; glibc takes no more on machines of 64 bits."""
_SAID = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def keep_freed() -> None:
    """Keep it from now on, in the whole process, unless the user has said in the environment what to keep."""
    if sys.platform != "linux" or any(name in os.environ for name in _SAID):
        return
    with suppress(AttributeError, OSError):  # musl has no such function
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _KEPT)
