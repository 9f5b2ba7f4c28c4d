"""What a batch waits for between two steps."""

from threading import Event, Thread, get_ident

import pytest
from hub_openvino import errands
from hub_openvino.errands import Errands


@pytest.fixture
def patient(monkeypatch):
    """One that waits as long as it takes."""
    monkeypatch.setattr(errands, "_PATIENCE", 60)
    return Errands()


def ended(thread):
    thread.join(60)
    return not thread.is_alive()


def test_with_nothing_to_do_nobody_waits(patient):
    patient.wait(room=False)
    patient.wait(room=True)


def test_all_that_was_begun_is_waited_for(patient):
    patient.begin("a")
    patient.begin("b")
    waiting = Thread(target=patient.wait, kwargs={"room": False})
    waiting.start()
    patient.end("a")
    waiting.join(0.1)
    assert waiting.is_alive()
    patient.end("b")
    assert ended(waiting)


def test_what_fails_is_not_waited_for(patient):
    with pytest.raises(ZeroDivisionError), patient.errand():
        raise ZeroDivisionError
    patient.wait(room=False)


def test_where_there_is_room_those_are_waited_for_who_come_meanwhile(patient, monkeypatch):
    monkeypatch.setattr(errands, "_MOMENT", 60)  # until somebody comes
    done = []

    def come():
        with patient.errand():
            monkeypatch.setattr(errands, "_MOMENT", 0)  # and nobody after that
            done.append(get_ident())

    coming = Thread(target=come)
    coming.start()
    patient.wait(room=True)
    assert ended(coming)
    assert len(done) == 1


def test_who_is_slow_is_waited_for_once_until_they_are_done(monkeypatch):
    monkeypatch.setattr(errands, "_PATIENCE", 0.01)
    found = Errands()
    found.begin("slow")
    found.wait(room=False)
    monkeypatch.setattr(errands, "_PATIENCE", 60)
    found.begin("slow")  # more came for it before it had ended
    found.wait(room=False)

    found.end("slow")
    found.begin("slow")
    quick = Event()
    waiting = Thread(target=lambda: found.wait(room=False) or quick.set())
    waiting.start()
    assert not quick.wait(0.1)
    found.end("slow")
    assert ended(waiting)
