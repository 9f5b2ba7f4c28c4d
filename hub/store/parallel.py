"""Runs a few jobs at once, and ends at once when one fails or the person presses Ctrl-C.

The threads are daemons: a job that waits for a server cannot keep the process alive. Knows nothing of the jobs.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from hub.store.sink import Stopped

__all__ = ["run_jobs"]

T = TypeVar("T")
_PATIENCE_SECONDS = 3.0


def run_jobs(jobs: Sequence[Callable[[], T]], *, workers: int, stop: threading.Event) -> list[T]:
    """Results of all jobs, in order. The first failure sets `stop`, and is raised once the others noticed."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in range(len(jobs)):
        waiting.put(index)
    results: dict[int, T] = {}
    failures: list[BaseException] = []

    def work() -> None:
        while not stop.is_set():
            try:
                index = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                results[index] = jobs[index]()
            except Stopped:
                return
            except BaseException as error:  # carried to the thread that asked
                failures.append(error)
                stop.set()

    threads = [threading.Thread(target=work, name="hub-pull", daemon=True) for _ in range(min(workers, len(jobs)))]
    for thread in threads:
        thread.start()
    try:
        _wait(threads, stop)
    except BaseException:
        stop.set()
        _wait(threads, stop)
        raise
    if failures:
        raise failures[0]
    return [results[index] for index in range(len(jobs))]


def _wait(threads: Sequence[threading.Thread], stop: threading.Event) -> None:
    """Wait for all threads, but not for long once `stop` is set."""
    deadline: float | None = None
    while any(thread.is_alive() for thread in threads):
        if stop.is_set():
            deadline = deadline or time.monotonic() + _PATIENCE_SECONDS
            if time.monotonic() > deadline:
                return
        for thread in threads:
            thread.join(0.05)
