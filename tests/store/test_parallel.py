"""A few jobs at once: order of results, first failure, Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from hub.sources import SourceContext
from hub.store import parallel
from hub.store.parallel import run_jobs
from hub.store.pool import SourcePool
from hub.store.session import Session
from hub.store.sink import Stopped
from hub.store.store import Store


def test_results_are_in_the_order_of_the_jobs():
    barrier = threading.Barrier(3)

    def job(number: int):
        def run() -> int:
            if number < 3:
                barrier.wait(30)  # three at once, or never
            return number

        return run

    assert run_jobs([job(n) for n in range(10)], workers=3, stop=threading.Event()) == list(range(10))


def test_no_jobs_are_no_results():
    assert run_jobs([], workers=3, stop=threading.Event()) == []


def test_the_first_failure_stops_the_others_and_is_raised():
    stop = threading.Event()
    began, done = threading.Event(), []

    def fail():
        began.wait(30)
        raise ValueError("first")

    def wait():
        began.set()
        assert stop.wait(30)
        raise Stopped

    with pytest.raises(ValueError, match="first"):
        run_jobs([fail, wait, lambda: done.append(1)], workers=2, stop=stop)
    assert done == []


def test_ctrl_c_stops_the_jobs_and_waits_until_they_have_noticed():
    stop, ended = threading.Event(), threading.Event()

    def job():
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(30)
        time.sleep(0.3)  # it takes a moment to clean up
        ended.set()
        raise Stopped

    with pytest.raises(KeyboardInterrupt):
        run_jobs([job], workers=1, stop=stop)
    assert ended.is_set()


def test_a_job_that_does_not_notice_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr(parallel, "_PATIENCE_SECONDS", 0.1)
    release, deaf = threading.Event(), threading.Event()

    def fail():
        assert deaf.wait(30)
        raise ValueError("first")

    def job():
        deaf.set()
        release.wait(30)

    with pytest.raises(ValueError, match="first"):
        run_jobs([fail, job], workers=2, stop=threading.Event())
    assert not release.is_set()
    release.set()


class Counted:
    made = 0
    exclusive = False

    def __init__(self, context: SourceContext) -> None:
        type(self).made += 1
        self.closed = False

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("exclusive", "made"), [(False, 2), (True, 1)])
def test_each_thread_has_a_source_of_its_own_unless_the_source_is_exclusive(hub_home, exclusive, made):
    kind = type("Kind", (Counted,), {"exclusive": exclusive, "made": 0})
    store = Store()
    store.layout.prepare()
    inside = threading.Semaphore(0)
    with Session(store.layout, set()) as session:
        pool = SourcePool(lambda scheme: kind, session, offline=False)

        def use():
            with pool.borrow("x"):
                inside.release()

        thread = threading.Thread(target=use)
        with pool.borrow("x") as source:
            thread.start()
            assert inside.acquire(timeout=0.3) is not exclusive
        thread.join(30)
        pool.close()
    assert kind.made == made
    assert source.closed
