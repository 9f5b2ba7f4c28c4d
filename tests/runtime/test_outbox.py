"""Pieces of answers: which go together, which wait, and that none is overtaken."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest

from hub.errors import InferenceError
from hub.runtime.protocols import Delta
from hub.runtime.workers import outbox
from hub.runtime.workers.outbox import Outbox
from hub.runtime.workers.wire import Answer, Piece

LONG = 60.0


@pytest.fixture
def ends() -> Iterator[tuple[Outbox, Connection]]:
    ours, theirs = Pipe()
    with ours, theirs:
        yield Outbox(theirs), ours


def piece(number: int, text: str = "a") -> Piece:
    return Piece(number, Delta(text=text))


def test_the_first_of_the_only_request_goes_at_once(
    ends: tuple[Outbox, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOMENT", LONG)
    box, read = ends
    box.add(piece(1), first=True, running=1)
    assert read.poll(5)
    assert read.recv() == [piece(1)]


def test_those_of_one_step_go_together_when_the_last_has_come(
    ends: tuple[Outbox, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOMENT", LONG)
    box, read = ends
    for number in (1, 2):
        box.add(piece(number), first=True, running=3)
    assert not read.poll(0.1)
    box.add(piece(3), first=True, running=3)
    assert read.poll(5)
    assert read.recv() == [piece(1), piece(2), piece(3)]


def test_who_has_none_is_not_waited_for_longer_than_a_moment(ends: tuple[Outbox, Connection]) -> None:
    box, read = ends
    box.add(piece(1), first=True, running=16)
    assert read.poll(5)
    assert read.recv() == [piece(1)]


def test_what_comes_fast_is_joined_and_a_first_does_not_wait_for_that(
    ends: tuple[Outbox, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "INTERVAL", LONG)
    box, read = ends
    box.add(piece(1, "a"), first=True, running=1)
    assert read.recv() == [piece(1, "a")]
    box.add(piece(1, "b"), first=False, running=2)
    box.add(piece(1, "c"), first=False, running=2)
    assert not read.poll(0.1)
    box.add(piece(2, "d"), first=True, running=2)
    assert read.poll(5)
    assert read.recv() == [piece(1, "b"), piece(1, "c"), piece(2, "d")]


def test_the_end_of_a_request_takes_its_pieces_along_in_front(
    ends: tuple[Outbox, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOMENT", LONG)
    box, read = ends
    box.add(piece(1), first=True, running=2)
    box.send(Answer(1, ["a"]))
    assert read.recv() == [piece(1)]
    assert read.recv() == Answer(1, ["a"])


def test_a_value_of_a_task_goes_before_its_owner_can_change_it(
    ends: tuple[Outbox, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOMENT", LONG)
    box, read = ends
    value = {"word": "a"}
    box.add(Piece(1, Delta(value=value)), first=True, running=2)
    value["word"] = "b"
    assert read.recv() == [Piece(1, Delta(value={"word": "a"}))]


def test_what_cannot_be_pickled_is_said(ends: tuple[Outbox, Connection]) -> None:
    box, _ = ends
    with pytest.raises(InferenceError, match="cannot be sent to another process"):
        box.send(lambda: None)
