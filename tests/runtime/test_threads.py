"""Threads that run one call after another."""

from __future__ import annotations

import gc
import os
import threading
import weakref

import pytest

from hub.runtime.sessions import threads
from hub.runtime.sessions.threads import borrow


@pytest.fixture(autouse=True)
def none_idle():
    threads._idle.clear()


def test_a_thread_is_used_again_once_its_call_is_over():
    used = []
    for _ in range(20):
        borrow(lambda: used.append(threading.get_ident())).join()
        while not threads._idle:
            pass
    assert len(used) == 20
    assert len(set(used)) == 1


def test_calls_at_once_have_threads_of_their_own():
    barrier = threading.Barrier(4, timeout=30)
    works = [borrow(barrier.wait) for _ in range(4)]
    for work in works:
        work.join(30)
    assert not barrier.broken


def test_an_idle_thread_ends_after_a_while(monkeypatch):
    monkeypatch.setattr(threads, "_PATIENCE", 0.01)
    found = []
    borrow(lambda: found.append(threading.current_thread())).join()
    found[0].join(30)
    assert not found[0].is_alive()
    assert threads._idle == []


def test_a_call_on_the_heels_of_the_end_of_patience_is_run(monkeypatch):
    monkeypatch.setattr(threads, "_PATIENCE", 0.0005)
    done = []
    for number in range(300):
        borrow(lambda number=number: done.append(number)).join(30)
    assert done == list(range(300))


def test_nothing_that_a_call_was_given_is_kept():
    class Given:
        pass

    given = Given()
    alive = weakref.ref(given)
    work = borrow(lambda given=given: None)
    work.join()
    del given
    gc.collect()
    assert alive() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_begins_without_the_threads_of_its_parent():
    borrow(lambda: None).join()
    pid = os.fork()
    if pid == 0:
        work = borrow(lambda: None)
        work.join(10)
        os._exit(0 if work._done.is_set() else 1)
    assert os.waitpid(pid, 0)[1] == 0
