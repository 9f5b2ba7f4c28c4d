"""The front and the winner, from figures given by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.runtime.measure.comparison import Comparison
from hub.runtime.measure.figures import Figures, Speed
from hub.runtime.tuning.front import Point, front
from hub.runtime.tuning.goals import choose, gain, told
from hub.runtime.tuning.trial import Result
from hub.runtime.tuning.ways import Way
from tests.support.toys import toy_plan


def figures(ms: float = 10.0, *, memory: int | None = 100_000_000, many: float = 100.0) -> Figures:
    """One input takes `ms`; in batches of 32 there are `many` a second."""
    return Figures(
        size=1,
        load_seconds=1.0,
        loaded=1,
        memory=memory,
        device_memory=None,
        speeds=(
            Speed(batch=1, unit="items", per_second=1000 / ms, p50=ms / 1000, p95=1, first_token=None, calls=5),
            Speed(batch=32, unit="items", per_second=many, p50=1, p95=1, first_token=None, calls=5),
        ),
        rounds=1,
    )


def talks(first: float, tokens: float, p50: float) -> Figures:
    """A language model: seconds to the first token, tokens a second after it, and of whatever calls there were."""
    speed = Speed(batch=1, unit="tokens", per_second=tokens, p50=p50, p95=p50, first_token=first, calls=5)
    return Figures(size=1, load_seconds=1, loaded=1, memory=1, device_memory=None, speeds=(speed,), rounds=1)


def result(
    name: str, found: Figures | None, *, loss: float | None = None, lossy: bool = False, base: bool = False
) -> Result:
    way = Way(plan=toy_plan(variant=name), recipe="", backend="toy", device="cpu", variant=name)
    fidelity = None if loss is None else Comparison(figures={}, loss=loss, inputs=6)
    return Result(way=way, lossy=lossy, base=base, origin=base, figures=found, fidelity=fidelity)


def winner(results: list[Result], goal: str = "latency", max_loss: float | None = None) -> str:
    best = choose(results, goal, max_loss)  # type: ignore[arg-type]
    assert best is not None
    return best.way.plan.variant


def test_the_front_is_what_nothing_beats_in_size_speed_and_loss() -> None:
    points = [
        Point(size=90, speed=100, loss=0.0),  # the origin
        Point(size=90, speed=300, loss=0.0),  # faster
        Point(size=23, speed=200, loss=0.001),  # smaller
        Point(size=23, speed=150, loss=0.001),  # slower than that
        Point(size=23, speed=200, loss=0.01),  # loses more than that
        Point(size=12, speed=50, loss=0.2),  # smallest
    ]
    assert front(points) == [False, True, True, False, False, True]


def test_noise_puts_nothing_off_the_front_and_nothing_on_it() -> None:
    one, other = Point(size=90, speed=100, loss=0.0), Point(size=90, speed=102, loss=0.00003)
    assert front([one, other]) == [True, True]
    smaller = Point(size=80, speed=98, loss=0.0)
    assert front([one, smaller]) == [False, True]


def test_a_way_of_unknown_loss_is_off_the_front_unless_all_are() -> None:
    known, unknown = Point(size=90, speed=100, loss=0.0), Point(size=10, speed=900, loss=None)
    assert front([known, unknown]) == [True, False]
    assert front([Point(size=90, speed=100, loss=None), unknown]) == [False, True]
    assert front([]) == []


def test_each_goal_has_its_winner() -> None:
    results = [
        result("base", figures(10, memory=100, many=100), base=True),
        result("quick", figures(5, memory=200, many=150)),
        result("steady", figures(8, memory=300, many=400)),
        result("light", figures(20, memory=50, many=50)),
    ]
    assert [winner(results, goal) for goal in ("latency", "throughput", "memory")] == ["quick", "steady", "light"]


def test_within_three_percent_the_simpler_way_is_taken() -> None:
    base, near, far = result("base", figures(10.0), base=True), result("near", figures(9.75)), figures(9.0)
    assert winner([near, base]) == "base"
    assert winner([near, base, result("far", far)]) == "far"


def test_without_a_limit_only_lossless_ways_win_and_with_it_what_loses_no_more() -> None:
    results = [
        result("base", figures(10), base=True),
        result("mild", figures(4), loss=0.001, lossy=True),
        result("harsh", figures(2), loss=0.2, lossy=True),
        result("unknown", figures(1), lossy=True),
    ]
    assert winner(results) == "base"
    assert winner(results, max_loss=0.01) == "mild"
    assert winner(results, max_loss=0.5) == "harsh"


def test_a_tie_between_a_lossy_and_a_lossless_way_goes_to_the_lossless() -> None:
    results = [
        result("base", figures(10), base=True),
        result("lossy", figures(4.9), loss=0.001, lossy=True),
        result("lossless", figures(5.0), loss=0.0),
    ]
    assert winner(results, max_loss=0.01) == "lossless"


def test_what_has_no_figures_cannot_win() -> None:
    assert choose([result("base", None, base=True)], "latency", None) is None
    assert choose([result("base", figures(memory=None), base=True)], "memory", None) is None
    assert winner([result("base", None, base=True), result("works", figures())]) == "works"


def test_answers_of_language_models_count_as_if_they_were_equally_long() -> None:
    short = talks(first=0.1, tokens=10, p50=0.3)  # stopped early
    long = talks(first=0.1, tokens=40, p50=0.9)
    assert winner([result("short", short, base=True), result("long", long)]) == "long"
    assert gain(long, short, "latency") == pytest.approx((0.1 + 3.1) / (0.1 + 31 / 40))


def test_what_counts_is_said_with_its_unit(tmp_path: Path) -> None:
    found = figures(12.5, memory=412_000_000, many=850)
    assert [told(found, goal) for goal in ("latency", "throughput", "memory")] == ["12.5 ms", "850.0 items/s", "412 MB"]
    assert told(figures(2500), "latency") == "2.50 s"
