"""Runs a few jobs at once, and ends at once when one fails or the person presses Ctrl-C.

The threads are daemons: a job that waits for a server cannot keep the process alive. Knows nothing of the jobs.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from hub.store.sink import Stopped

__all__ = ["run_jobs"]

T = TypeVar("T")
_PATIENCE_SECONDS = 3.0
_POLL_SECONDS = 0.05


def run_jobs(jobs: Sequence[Callable[[], T]], *, workers: int, stop: threading.Event) -> list[T]:
    """Results of all jobs, in order. The first failure sets `stop`, and is raised once the others noticed."""
    indices = iter(range(len(jobs)))  # `next` of it is atomic
    results: dict[int, T] = {}
    failures: list[BaseException] = []
    ended: queue.SimpleQueue[None] = queue.SimpleQueue()

    def work() -> None:
        try:
            while not stop.is_set() and (index := next(indices, None)) is not None:
                results[index] = jobs[index]()
        except Stopped:
            pass
        except BaseException as error:  # carried to the thread that asked
            failures.append(error)
            stop.set()
        finally:
            ended.put(None)

    started = _Threads(ended)
    try:
        for _ in range(min(workers, len(jobs))):
            started.start(work)
        started.wait(stop)
    except BaseException:
        stop.set()
        started.wait(stop)
        raise
    if failures:
        raise failures[0]
    return [results[index] for index in range(len(jobs))]


class _Threads:
    """Threads that were started, to be waited for.

    Not by `join`: after a Ctrl-C in it, Python 3.11 takes a thread that still runs for one that ended.
    """

    def __init__(self, ended: queue.SimpleQueue[None]) -> None:
        self._ended = ended
        self._running = 0

    def start(self, run: Callable[[], None]) -> None:
        """Start one more; it is counted first, because a Ctrl-C may come while it starts."""
        self._running += 1
        threading.Thread(target=run, name="hub-pull", daemon=True).start()

    def wait(self, stop: threading.Event) -> None:
        """Wait for all threads, but not for long once `stop` is set."""
        deadline: float | None = None
        while self._running:
            if stop.is_set():
                deadline = deadline or time.monotonic() + _PATIENCE_SECONDS
                if time.monotonic() > deadline:
                    return
            with suppress(queue.Empty):
                self._ended.get(timeout=_POLL_SECONDS)
                self._running -= 1
