"""Push made pull: pieces in order, errors where they belong, and an early leave that stops the call."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref

import pytest

from hub.errors import Cancelled
from hub.runtime.protocols import Delta
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.sessions.stream import AHEAD, Pieces


def test_pieces_come_in_order_and_the_whole_answer_afterwards():
    def call(emit, cancel):
        for text in "abc":
            assert emit(Delta(text=text)) is False
        return "abc"

    pieces = Pieces(call)
    assert pieces.result is None
    assert list(pieces) == ["a", "b", "c"]
    assert pieces.result == "abc"
    assert list(pieces) == []
    assert pieces.result == "abc"


def test_deltas_without_text_are_no_pieces():
    def call(emit, cancel):
        for text in ("a", "", "b"):
            emit(Delta(text=text))

    assert list(Pieces(call)) == ["a", "b"]


def test_what_the_call_raises_is_raised_after_the_pieces_before_it():
    def call(emit, cancel):
        emit(Delta(text="a"))
        raise LookupError("gone")

    pieces = Pieces(call)
    assert next(pieces) == "a"
    with pytest.raises(LookupError, match="gone"):
        next(pieces)
    with pytest.raises(StopIteration):
        next(pieces)


class Endless:
    """A call that goes on until it is stopped, and counts."""

    def __init__(self):
        self.count = 0
        self.ended = threading.Event()

    def __call__(self, emit, cancel):
        while not emit(Delta(text="x")):
            self.count += 1
        self.ended.set()
        return self.count


@pytest.mark.parametrize("leave", [lambda pieces: pieces.close(), lambda pieces: pieces.__exit__(None, None, None)])
def test_leaving_early_stops_the_call(leave):
    call = Endless()
    pieces = Pieces(call)
    assert next(pieces) == "x"
    leave(pieces)
    assert call.ended.wait(60)
    assert list(pieces) == []
    assert pieces.result is None


def test_dropping_the_iterator_stops_the_call():
    call = Endless()
    pieces = Pieces(call)
    next(pieces)
    del pieces
    gc.collect()
    assert call.ended.wait(60)


def test_a_call_does_not_run_far_ahead_of_a_slow_reader():
    call = Endless()
    pieces = Pieces(call)
    next(pieces)
    while call.count < AHEAD:  # it waits at the limit, one piece having been read
        pass
    assert call.count <= AHEAD + 1
    pieces.close()
    assert call.ended.wait(60)


def test_the_owner_lives_as_long_as_the_answer():
    class Owner:
        pass

    owner = Owner()
    alive = weakref.ref(owner)
    pieces = Pieces(lambda emit, cancel: emit(Delta(text="a")), owner=owner)
    del owner
    gc.collect()
    assert alive() is not None
    assert list(pieces) == ["a"]
    gc.collect()
    assert alive() is None


def test_ctrl_c_while_waiting_stops_the_call(monkeypatch):
    call = Endless()
    pieces = Pieces(call)
    next(pieces)

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(pieces._channel, "pull", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(pieces)
    assert call.ended.wait(60)


def test_a_program_ends_while_a_stream_is_open():
    script = """
from hub.runtime.protocols import Delta
from hub.runtime.sessions.stream import Pieces
def call(emit, cancel):
    while not emit(Delta(text="x")):
        pass
    print("stopped")
pieces = Pieces(call)
print(next(pieces))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "x\nstopped\n", "")


def test_a_wish_to_end_is_told_once_and_also_to_who_asks_late():
    cancel, told = Cancel(), []
    cancel.heed(lambda: told.append("early"))
    forgotten = lambda: told.append("never")  # noqa: E731
    cancel.heed(forgotten)
    cancel.ignore(forgotten)
    cancel.check()
    cancel.set()
    cancel.set()
    cancel.heed(lambda: told.append("late"))
    assert told == ["early", "late"]
    with pytest.raises(Cancelled):
        cancel.check()
