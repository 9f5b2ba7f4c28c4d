"""Speed and fidelity are taken in fresh processes, and one that fails leaves the others alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import HubError, InputError, PluginMissing, UsageError, WorkerDied
from hub.plugin.host import Host
from hub.runtime.measure.comparison import compare, reference
from hub.runtime.measure.effort import Effort
from hub.runtime.measure.figures import Figures
from hub.runtime.measure.speed import measure, measure_in_turn
from hub.runtime.measure.subject import Opened, Subject, call_options
from hub.runtime.planning.planner import make_plan
from hub.runtime.references.resolve import resolve
from hub.runtime.transforms.ready import make_ready
from hub.store.store import Store
from tests.support.bent import TEXTS, bent_host, bent_model
from tests.support.toys import toy_artifact, toy_host, toy_plan

QUICK = Effort(rounds=2, calls=3, seconds=0, batches=(1, 2))


def bent_subject(host: Host, recipe: str = "", backend: str = "bender") -> Subject:
    target, store = resolve("bent"), Store()
    plan = make_plan(target, host=host, store=store, recipe=recipe, backend=backend)
    plan, artifact = make_ready(target, plan, host=host, store=store)
    return Subject(plan=plan, artifact=artifact)


def figures_of(found: Sequence[Figures | HubError]) -> list[Figures]:
    assert all(isinstance(each, Figures) for each in found)
    return [each for each in found if isinstance(each, Figures)]


def test_each_round_opens_each_subject_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bent_model(tmp_path, monkeypatch)
    host = bent_host()
    subjects = [bent_subject(host), bent_subject(host, "push")]
    order: list[tuple[int, int]] = []
    found = figures_of(
        measure_in_turn(subjects, TEXTS, host=host, effort=QUICK, tell=lambda index, turn: order.append((index, turn)))
    )
    assert order == [(0, 0), (1, 0), (0, 1), (1, 1)]
    for figures, subject in zip(found, subjects, strict=True):
        weights = subject.artifact.path / "model.bend"
        assert figures.size == weights.stat().st_size
        assert figures.rounds == 2
        assert figures.load_seconds >= 0  # of the smallest model there is
        assert figures.memory is not None
        assert 5_000_000 < figures.memory < 500_000_000
        assert [speed.batch for speed in figures.speeds] == [1, 2]
        assert all(speed.unit == "items" and speed.calls == 6 and speed.per_second > 0 for speed in figures.speeds)
        assert all(speed.p50 <= speed.p95 for speed in figures.speeds)


def test_tokens_are_counted_where_a_model_makes_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = toy_host(monkeypatch)
    subject = Subject(plan=toy_plan(), artifact=toy_artifact(tmp_path))
    figures = measure(subject, ["one two three four five six"], host=host, effort=replace(QUICK, batches=()))
    [speed] = figures.speeds
    assert (speed.unit, speed.batch) == ("tokens", 1)
    assert speed.first_token is not None
    assert 0 < speed.first_token <= speed.p50


def test_answers_are_limited_and_nothing_is_left_to_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = toy_host(monkeypatch)
    assert call_options(toy_plan(), host, Effort(max_tokens=7)) == {"max_tokens": 7, "upper": False}
    with pytest.raises(PluginMissing, match="model plugin 'gone'"):
        call_options(toy_plan(model_plugin="gone"), host, Effort())


def test_a_subject_that_fails_leaves_its_error_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = toy_host(monkeypatch)
    artifact = toy_artifact(tmp_path)
    broken = Subject(plan=toy_plan(options={"fail": "die"}), artifact=artifact)
    sound = Subject(plan=toy_plan(), artifact=artifact)
    first, second = measure_in_turn([broken, sound], ["a b c"], host=host, effort=QUICK)
    assert isinstance(first, WorkerDied)
    assert isinstance(second, Figures)
    with pytest.raises(WorkerDied):
        measure(broken, ["a"], host=host, effort=QUICK)


def test_what_fails_while_it_answers_is_told_as_it_was_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy_host(monkeypatch)
    subject = Subject(plan=toy_plan(), artifact=toy_artifact(tmp_path))
    with Opened(subject) as opened, pytest.raises(InputError, match="a text or a list of messages"):
        opened.time([3], {"max_tokens": 1, "upper": False}, QUICK)


def test_nothing_is_measured_on_no_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = toy_host(monkeypatch)
    subject = Subject(plan=toy_plan(), artifact=toy_artifact(tmp_path))
    with pytest.raises(UsageError, match="no inputs"):
        measure(subject, [], host=host)
    with pytest.raises(UsageError, match="no inputs"):
        compare(subject, subject, [], host=host)


def test_a_change_is_compared_with_its_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bent_model(tmp_path, monkeypatch)
    host = bent_host()
    origin = bent_subject(host)
    nothing = compare(origin, origin, TEXTS, host=host)
    assert nothing.loss == pytest.approx(0, abs=1e-9)
    assert nothing.inputs == len(TEXTS)
    with reference(origin, TEXTS, host=host, effort=Effort(limit=4)) as kept:
        small, large = (kept.compare(bent_subject(host, f"push:by={by}")) for by in (0.5, 5))
        on_other = kept.compare(bent_subject(host, "push:by=5", "other"))
    assert 0 < small.loss < large.loss == on_other.loss < 1
    assert small.inputs == 4
    assert small.as_json()["figures"] == small.figures
    assert small.figures["cosine"] == pytest.approx(1 - small.loss)


def test_a_task_that_does_not_say_how_answers_compare_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = toy_host(monkeypatch)
    subject = Subject(plan=toy_plan(task="image-colorization"), artifact=toy_artifact(tmp_path))
    with pytest.raises(UsageError, match="task 'image-colorization' does not say how answers are compared"):
        compare(subject, subject, ["a"], host=host)
