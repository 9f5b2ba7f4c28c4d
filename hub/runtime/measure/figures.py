"""Figures of one subject, from what its rounds gave: medians, percentiles, plain JSON and back.

Knows nothing of how they were taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from hub.types import JSON

__all__ = ["Call", "Figures", "Sample", "Speed", "combined", "figures_from_json", "figures_json", "percentile"]


@dataclass(frozen=True, slots=True)
class Call:
    """One timed call: seconds, seconds until the first token came (`None` where none came), inputs, tokens made."""

    seconds: float
    first: float | None
    items: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What one round gave: seconds to open, bytes after opening and at most, and the calls by batch size."""

    load_seconds: float
    loaded: int | None
    memory: int | None
    device_memory: int | None
    calls: Mapping[int, Sequence[Call]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """How fast calls of one batch size are.

    Parameters
    ----------
    unit
        `tokens` where tokens are generated, else `items`.
    per_second
        Units a second. Tokens: those after the first, over the time after the first; the median of the rounds.
    p50, p95
        Seconds of a whole call.
    first_token
        Seconds until the first token, median; `None` where none is streamed.
    calls
        Calls that were timed.
    """

    batch: int
    unit: str
    per_second: float
    p50: float
    p95: float
    first_token: float | None
    calls: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What was measured of one subject.

    Parameters
    ----------
    size
        Bytes of its weights on disk.
    load_seconds
        From nothing to ready in a fresh process, importing the runtime included; median of the rounds.
    loaded, memory
        Resident bytes of the process: after opening, and the most while it answered; medians. `None` where the
        system does not tell.
    device_memory
        Bytes taken on an accelerator; `None` on the CPU, or where its backend does not tell.
    speeds
        By batch size, in order.
    """

    size: int
    load_seconds: float
    loaded: int | None
    memory: int | None
    device_memory: int | None
    speeds: tuple[Speed, ...]
    rounds: int

    @property
    def fastest(self) -> Speed:
        """The speed of the batch size with the most units a second."""
        return max(self.speeds, key=lambda speed: speed.per_second)


def combined(samples: Sequence[Sample], size: int) -> Figures:
    """Figures of a subject from its rounds; `size` in bytes."""
    batches = samples[0].calls
    return Figures(
        size=size,
        load_seconds=median(sample.load_seconds for sample in samples),
        loaded=_median([sample.loaded for sample in samples]),
        memory=_median([sample.memory for sample in samples]),
        device_memory=_median([sample.device_memory for sample in samples]),
        speeds=tuple(_speed(batch, [sample.calls[batch] for sample in samples]) for batch in batches),
        rounds=len(samples),
    )


def figures_json(figures: Figures) -> dict[str, JSON]:
    """The figures as JSON; the names are part of the interface of the commands that print them."""
    return {**asdict(figures), "speeds": [asdict(speed) for speed in figures.speeds]}


def figures_from_json(content: Mapping[str, Any]) -> Figures:  # Any: JSON as read
    """What `figures_json` gave; fields that a newer version wrote are left out.

    Raises
    ------
    KeyError, TypeError
        It is something else.
    """
    known = {name: content[name] for name in Figures.__dataclass_fields__}
    speeds = tuple(Speed(**{name: each[name] for name in Speed.__dataclass_fields__}) for each in content["speeds"])
    return Figures(**{**known, "speeds": speeds})


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, linear between neighbours."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _speed(batch: int, rounds: Sequence[Sequence[Call]]) -> Speed:
    calls = [call for each in rounds for call in each]
    generates = any(call.tokens for call in calls)
    seconds = [call.seconds for call in calls]
    firsts = [call.first for call in calls if call.first is not None] if generates else []
    return Speed(
        batch=batch,
        unit="tokens" if generates else "items",
        per_second=median((_tokens_per_second if generates else _items_per_second)(each) for each in rounds),
        p50=percentile(seconds, 0.5),
        p95=percentile(seconds, 0.95),
        first_token=median(firsts) if firsts else None,
        calls=len(calls),
    )


def _items_per_second(calls: Sequence[Call]) -> float:
    return sum(call.items for call in calls) / max(sum(call.seconds for call in calls), 1e-9)


def _tokens_per_second(calls: Sequence[Call]) -> float:
    """Tokens after the first of each answer over the time after it; of whole calls where no first one was seen."""
    later = [(call.tokens - call.items, call.seconds - call.first) for call in calls if call.first is not None]
    tokens, seconds = sum(tokens for tokens, _ in later), sum(seconds for _, seconds in later)
    if tokens <= 0 or seconds <= 0:
        tokens, seconds = sum(call.tokens for call in calls), sum(call.seconds for call in calls)
    return tokens / max(seconds, 1e-9)


def _median(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(median(known)) if known else None
