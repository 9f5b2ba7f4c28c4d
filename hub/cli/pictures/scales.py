"""From values to pixels, with ticks at round numbers. Knows nothing of what the values are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["LEAST_LOSS", "Scale", "linear", "losses"]

LEAST_LOSS = 1e-4
"""Losses up to this one are drawn alike, as they are printed alike."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` at pixel `start` to `high` at pixel `end`; `logarithmic` where ratios matter."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Pixel of a value; what lies outside is drawn at the border."""
        value = min(max(value, self.low), self.high)
        if self.logarithmic:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def linear(values: Sequence[float], start: float, end: float) -> Scale:
    """From 0 to a round number above the highest value, with four to eight ticks."""
    most = max(values, default=1.0) or 1.0
    power = 10 ** math.floor(math.log10(most / 4))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10, 20) if most / (power * factor) <= 6)
    count = math.ceil(most * 1.02 / step)
    return Scale(0.0, count * step, start, end, tuple(step * place for place in range(count + 1)))


def losses(values: Sequence[float], start: float, end: float) -> Scale:
    """Powers of ten from `LEAST_LOSS` to above the highest loss."""
    most = max((value for value in values if math.isfinite(value)), default=LEAST_LOSS)
    decades = max(1, math.ceil(math.log10(max(most, LEAST_LOSS) / LEAST_LOSS) - 1e-9))
    ticks = tuple(LEAST_LOSS * 10**place for place in range(decades + 1))
    return Scale(LEAST_LOSS, ticks[-1], start, end, ticks, logarithmic=True)
