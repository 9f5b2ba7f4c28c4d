"""Figures are medians and percentiles of what the rounds gave."""

from __future__ import annotations

import json

import pytest

from hub.runtime.measure.figures import Call, Sample, combined, figures_from_json, figures_json, percentile
from hub.runtime.measure.machine import this_machine
from hub.runtime.measure.memory import peak_memory, resident_memory


def sample(load: float, memory: int | None, *calls: Call, batch: int = 1) -> Sample:
    return Sample(load, 10, memory, None, {batch: calls})


def test_items_a_second_are_all_items_over_all_seconds_of_a_round_and_the_median_of_rounds() -> None:
    rounds = [
        sample(1.0, 100, Call(0.5, None, 4, 0), Call(1.5, None, 4, 0), batch=4),
        sample(3.0, 300, Call(0.25, None, 4, 0), batch=4),
        sample(2.0, None, Call(1.0, None, 4, 0), batch=4),
    ]
    figures = combined(rounds, size=7)
    assert (figures.size, figures.load_seconds, figures.memory, figures.loaded, figures.rounds) == (7, 2.0, 200, 10, 3)
    [speed] = figures.speeds
    assert (speed.batch, speed.unit, speed.per_second, speed.calls) == (4, "items", 4.0, 4)
    assert (speed.p50, speed.first_token) == (0.75, None)


def test_tokens_a_second_leave_out_the_first_token_and_the_time_until_it() -> None:
    figures = combined([sample(1.0, 1, Call(3.0, 1.0, 1, 11), Call(6.0, 2.0, 1, 21))], size=1)
    [speed] = figures.speeds
    assert (speed.unit, speed.per_second, speed.first_token) == ("tokens", 5.0, 1.5)


def test_tokens_that_come_all_at_once_are_counted_over_the_whole_call() -> None:
    [speed] = combined([sample(1.0, 1, Call(2.0, None, 1, 10))], size=1).speeds
    assert (speed.per_second, speed.first_token) == (5.0, None)
    [speed] = combined([sample(1.0, 1, Call(2.0, 2.0, 1, 1))], size=1).speeds
    assert speed.per_second == 0.5


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 2.5), (0.95, 3.85), (1.0, 4.0)])
def test_percentiles_are_linear_between_neighbours(share: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], share) == pytest.approx(value)


def test_figures_survive_json() -> None:
    figures = combined([sample(1.0, 1, Call(3.0, 1.0, 1, 11))], size=1)
    content = json.loads(json.dumps(figures_json(figures)))
    assert figures_from_json({**content, "newer": 1}) == figures


def test_memory_is_that_of_this_process() -> None:
    resident, peak = resident_memory(), peak_memory()
    assert resident is not None
    assert peak is not None
    assert 1 << 20 < resident <= peak + (1 << 20)


def test_a_machine_is_told_by_what_it_is() -> None:
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.processor
    assert len(machine.fingerprint) == 16
    assert machine.fingerprint == this_machine().fingerprint
    assert machine.as_json()["fingerprint"] == machine.fingerprint
