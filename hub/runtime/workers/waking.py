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


def wake_at_once() -> None:
    """Let the thread that calls wake as others do."""
    if sys.platform == "linux":
        _change(os.SCHED_BATCH, os.SCHED_OTHER)


def wake_in_turn() -> None:
    """Let the thread that calls wake in its turn, with those that it starts. Does nothing outside Linux."""
    if sys.platform == "linux":
        _change(os.SCHED_OTHER, os.SCHED_BATCH)


if sys.platform == "linux":

    def _change(old: int, new: int) -> None:
        """From one policy to the other: a thread that somebody has given a third one keeps it."""
        with suppress(OSError):  # not allowed here: it wakes as it did
            if os.sched_getscheduler(0) == old:
                os.sched_setscheduler(0, new, os.sched_param(0))
