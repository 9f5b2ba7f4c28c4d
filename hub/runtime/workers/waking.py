"""How a thread wakes: at once, taking a core from who computes, or in its turn.

A runtime that answers several requests at once has a thread of each wait for the next token, and may wake all of them
for every token of any. Linux lets a thread that wakes displace one that computes, but not a thread of `SCHED_BATCH`:
that one waits for a moment, and what would have woken it three times wakes it once.
Source: https://man7.org/linux/man-pages/man7/sched.7.html
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

__all__ = ["wake_at_once", "wake_in_turn"]


def wake_in_turn() -> bool:
    """Let the thread that calls wake in its turn, with those that it starts.

    Gives whether that is a change, which `wake_at_once` takes back: elsewhere than on Linux, where it is not allowed,
    and of a thread that somebody has given a policy, it is none.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            if os.sched_getscheduler(0) == os.SCHED_OTHER:
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
                return True
    return False


def wake_at_once() -> None:
    """Let the thread that calls wake as others do again."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
