"""Which of the measured ways is the best for what a person wants. Knows nothing of how they were measured.

What is within 3 % of the best is as good: then the lossless way is taken, then the one with fewer steps, then the one
that is taken anyway.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

from hub.runtime.measure.effort import Effort
from hub.runtime.measure.figures import Figures
from hub.runtime.tuning.front import NOISE
from hub.runtime.tuning.trial import Result

__all__ = ["GOALS", "Goal", "choose", "gain", "told"]

Goal = Literal["latency", "throughput", "memory"]
GOALS: tuple[Goal, ...] = get_args(Goal)


def cost(figures: Figures, goal: Goal) -> float:
    """What is to be small: seconds of one call (of as many tokens, where tokens are made), seconds a unit, or bytes."""
    if goal == "memory":
        return float((figures.memory or 0) + (figures.device_memory or 0))
    if goal == "throughput":
        return 1 / max(figures.fastest.per_second, 1e-12)
    alone = min(figures.speeds, key=lambda speed: speed.batch)
    if alone.unit != "tokens" or alone.first_token is None:
        return alone.p50
    return alone.first_token + (Effort().max_tokens - 1) / max(alone.per_second, 1e-12)


def gain(figures: Figures, base: Figures, goal: Goal) -> float:
    """How many times better than the base; below 1 it is worse."""
    return cost(base, goal) / max(cost(figures, goal), 1e-12)


def choose(results: Sequence[Result], goal: Goal, max_loss: float | None) -> Result | None:
    """The best way that may be taken; `None` where none was measured.

    Without `max_loss` lossless ways alone may be taken; with it, every way but those that lose more, and lossy ones of
    which nobody knows what they lose.
    """
    costs = {
        id(result): cost(result.figures, goal)
        for result in results
        if result.figures is not None and _known(result.figures, goal) and _allowed(result, max_loss)
    }
    if not costs:
        return None
    least = min(costs.values())
    as_good = [result for result in results if costs.get(id(result), math.inf) * (1 - NOISE) <= least]
    return min(as_good, key=lambda result: (result.lossy, result.way.steps, not result.base, costs[id(result)]))


def told(figures: Figures, goal: Goal) -> str:
    """What counts for the goal, for a person: `3.1 ms`, `850 items/s`, `412 MB`."""
    value = cost(figures, goal)
    if goal == "memory":
        return f"{value / 1e6:.0f} MB"
    if goal == "throughput":
        return f"{1 / value:.1f} {figures.fastest.unit}/s"
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.2f} s"


def _allowed(result: Result, max_loss: float | None) -> bool:
    if max_loss is None:
        return not result.lossy
    if result.loss is None or result.base:
        return result.base or not result.lossy
    return result.loss <= max_loss


def _known(figures: Figures, goal: Goal) -> bool:
    return goal != "memory" or figures.memory is not None
