"""Ways are made ready, compared with the base and timed in fresh processes; one that fails keeps its reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.runtime.measure.effort import Effort
from hub.runtime.planning.planner import make_plan
from hub.runtime.references.resolve import resolve
from hub.runtime.transforms.data import measuring_data
from hub.runtime.tuning.goals import choose
from hub.runtime.tuning.record import winner_of
from hub.runtime.tuning.report import report
from hub.runtime.tuning.trial import Result, try_ways
from hub.runtime.tuning.ways import Asked, find_ways
from hub.runtime.tuning.winners import keep_winner, read_winner
from hub.store.store import Store
from tests.support.bent import TEXTS, bent_host, bent_model

QUICK = Effort(rounds=1, calls=2, seconds=0, batches=(1, 4))


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model `bent`, and texts to measure on."""
    return bent_model(tmp_path / "made", monkeypatch)


def trial(texts: Path, *recipes: str, max_loss: float | None = None, compare: bool = True) -> dict[str, Result]:
    host, store, target = bent_host(), Store(), resolve("bent")
    ways = find_ways(target, Asked(recipes=recipes), host=host, store=store)
    data = measuring_data("feature-extraction", texts, host=host, store=store)
    results = try_ways(target, ways, data, host=host, store=store, effort=QUICK, compare=compare, max_loss=max_loss)
    return {result.way.name: result for result in results}


def test_every_way_has_figures_and_a_loss_against_the_base(texts: Path) -> None:
    found = trial(texts, "halved", "push:by=2")
    assert list(found) == [
        "plain → bender on cpu",
        "plain → other on cpu",
        "plain → bender on cpu (halved)",
        "plain | push:by=2 → bender on cpu",
        "plain | push:by=2 → other on cpu",
    ]
    for result in found.values():
        assert result.error == ""
        assert result.figures is not None
        assert [speed.batch for speed in result.figures.speeds] == [1, 4]
        assert result.figures.size > 0
    base = found["plain → bender on cpu"]
    assert (base.base, base.origin, base.loss, base.fidelity) == (True, True, 0.0, None)
    assert found["plain → other on cpu"].loss == pytest.approx(0, abs=1e-9)
    halved = found["plain → bender on cpu (halved)"]
    assert halved.lossy
    assert halved.loss is not None
    assert halved.loss > 1e-4
    assert halved.fidelity is not None
    assert halved.fidelity.inputs == len(TEXTS)


def test_one_that_cannot_be_made_or_opened_says_why_and_the_rest_go_on(texts: Path) -> None:
    found = trial(texts, "push:by=9", "spoil")
    works, fails = found["plain | push:by=9 → bender on cpu"], found["plain | push:by=9 → other on cpu"]
    assert works.figures is not None
    assert (fails.figures, fails.fidelity) == (None, None)
    assert "the first number is too large" in fails.error
    broken = found["plain | spoil → bender on cpu"]
    assert broken.subject is None
    assert "not finite" in broken.error or "NaN" in broken.error


def test_what_loses_more_than_is_allowed_is_not_timed(texts: Path) -> None:
    found = trial(texts, "push:by=0.01", "push:by=5", max_loss=0.001)
    harsh = found["plain | push:by=5 → bender on cpu"]
    assert harsh.figures is None
    assert harsh.error.startswith("it loses 0.")
    assert harsh.error.endswith(", and 0.001 was allowed")
    assert found["plain | push:by=0.01 → bender on cpu"].figures is not None


def test_nothing_is_compared_where_nothing_may_be_lost(texts: Path) -> None:
    found = trial(texts, "", compare=False)
    assert [(result.loss, result.origin) for result in found.values()] == [(None, False), (None, False)]


def test_the_report_orders_by_speed_and_says_how_to_run_each(texts: Path) -> None:
    host, target = bent_host(), resolve("bent")
    results = list(trial(texts, "halved", "push:by=9").values())
    data = measuring_data("feature-extraction", texts, host=host, store=Store())
    found = json.loads(json.dumps(report(target, results, (), data, 1)))
    assert found["compared_with"] == "plain → bender on cpu"
    assert found["data"] == {"inputs": 6, "compared": 6, "files": list(data.content)}
    ways = found["ways"]
    speeds = [max(each["per_second"] for each in way["figures"]["speeds"]) for way in ways if way["figures"]]
    assert speeds == sorted(speeds, reverse=True)
    assert ways[-1]["figures"] is None
    commands = {way["name"]: way["command"] for way in ways}
    assert commands["plain → other on cpu"] == "hub run bent --backend other --device cpu"
    assert commands["plain → bender on cpu (halved)"].endswith("--compress halved")
    assert any(way["pareto"] for way in ways)


def test_the_winner_is_planned_from_then_on(texts: Path) -> None:
    host, store, target = bent_host(), Store(), resolve("bent")
    results = list(trial(texts, "push:by=0.01", max_loss=0.5).values())
    best = next(result for result in results if result.way.name == "plain | push:by=0.01 → other on cpu")
    assert choose(results, "latency", 0.5) in results
    keep_winner(target, winner_of(target, results, best, goal="throughput", max_loss=0.5, host=host))
    plan = make_plan(target, host=host, store=store, thorough=True)
    assert (plan.backend, [str(step) for step in plan.recipe]) == ("other", ["push:by=0.01"])
    assert plan.tuned is not None
    assert plan.tuned.measured == len(results)
    winner = read_winner(target, "feature-extraction")
    assert winner is not None
    assert plan.tuned.gain == winner.gain
    measured = [each.reason for each in plan.rejected if each.backend == "bender" and not each.recipe]
    assert [reason.startswith("measured: ") for reason in measured] == [True]
