"""How a thread wakes: its policy, that no other has it, and that nobody's wish is overruled."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.runtime.workers.waking import wake_at_once, wake_in_turn

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a policy for each thread")


def policy() -> int:
    return os.sched_getscheduler(0)


def in_a_thread(*acts):  # type: ignore[no-untyped-def]
    """What each act gives, all of them in one thread that ends with them."""
    with ThreadPoolExecutor(1) as pool:
        return [pool.submit(act).result() for act in acts]


def test_it_is_changed_once_and_changed_back_for_this_thread_alone() -> None:
    found = in_a_thread(policy, wake_in_turn, policy, wake_in_turn, wake_at_once, policy)
    assert found == [os.SCHED_OTHER, True, os.SCHED_BATCH, False, None, os.SCHED_OTHER]
    assert policy() == os.SCHED_OTHER


@pytest.mark.parametrize("name", ["SCHED_IDLE", "SCHED_BATCH"])
def test_what_somebody_has_chosen_for_a_thread_stays(name: str) -> None:
    chosen = getattr(os, name)

    def choose() -> None:
        os.sched_setscheduler(0, chosen, os.sched_param(0))

    assert in_a_thread(choose, wake_in_turn, policy) == [None, False, chosen]


def test_where_it_is_not_allowed_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert in_a_thread(wake_in_turn, policy) == [False, os.SCHED_OTHER]
