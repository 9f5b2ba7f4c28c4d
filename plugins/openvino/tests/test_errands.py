"""What a batch waits for between two steps."""

from threading import Thread

import pytest
from hub_openvino import errands
from hub_openvino.errands import Errands


@pytest.fixture
def patient(monkeypatch):
    """One that waits longer than any test here."""
    monkeypatch.setattr(errands, "_PATIENCE", 600)
    return Errands()


def waiting(found, *, room=False):
    thread = Thread(target=found.wait, kwargs={"room": room}, daemon=True)
    thread.start()
    return thread


def ended(thread, seconds=60):
    thread.join(seconds)
    return not thread.is_alive()


@pytest.mark.parametrize("room", [False, True])
def test_with_nothing_to_do_nobody_waits(patient, room):
    assert ended(waiting(patient, room=room))


def test_all_that_was_begun_is_waited_for(patient):
    patient.begin("a")
    patient.begin("b")
    step = waiting(patient)
    patient.end("a")
    assert not ended(step, 0.1)
    patient.end("b")
    assert ended(step)


def test_what_fails_is_not_waited_for(patient):
    with pytest.raises(ZeroDivisionError), patient.errand():
        raise ZeroDivisionError
    assert ended(waiting(patient))


def test_where_there_is_room_those_are_waited_for_who_come_meanwhile(patient, monkeypatch):
    monkeypatch.setattr(errands, "_MOMENT", 600)  # until somebody comes
    step = waiting(patient, room=True)
    assert not ended(step, 0.1)
    with patient.errand():
        monkeypatch.setattr(errands, "_MOMENT", 0)  # and nobody after that
    assert ended(step)


def test_who_is_slow_is_waited_for_once_until_they_are_done(monkeypatch):
    monkeypatch.setattr(errands, "_PATIENCE", 0.01)
    found = Errands()
    found.begin("slow")
    assert ended(waiting(found))
    monkeypatch.setattr(errands, "_PATIENCE", 600)
    found.begin("slow")  # more came for it before it had ended
    assert ended(waiting(found))

    found.end("slow")
    found.begin("slow")
    step = waiting(found)
    assert not ended(step, 0.1)
    found.end("slow")
    assert ended(step)
