"""Times calls of an open model. Knows nothing of processes or of what the figures are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from time import perf_counter
from typing import Any

from hub.runtime.measure.effort import Effort
from hub.runtime.measure.figures import Call
from hub.runtime.protocols import Delta
from hub.runtime.sessions.load import OpenedModel
from hub.types import OptionValue

__all__ = ["time_calls"]


def time_calls(
    model: OpenedModel,
    inputs: Sequence[Any],  # Any: of the kinds that the task takes
    options: Mapping[str, OptionValue],
    batch: int,
    effort: Effort,
) -> list[Call]:
    """Warm up, then call with one batch of inputs after the other, from the first input on."""
    if "batch_size" in options:
        options = {**options, "batch_size": batch}  # one call of the model plugin is one of the runtime
    supply = cycle(inputs)
    for _ in range(effort.warmup):
        _time(model, list(islice(supply, batch)), options)
    supply = cycle(inputs)
    calls: list[Call] = []
    begin = perf_counter()
    while not _enough(calls, perf_counter() - begin, effort):
        calls.append(_time(model, list(islice(supply, batch)), options))
    return calls


def _enough(calls: Sequence[Call], spent: float, effort: Effort) -> bool:
    if not calls:
        return False
    return spent >= effort.longest or (len(calls) >= effort.calls and spent >= effort.seconds)


def _time(model: OpenedModel, batch: list[Any], options: Mapping[str, OptionValue]) -> Call:
    first: float | None = None

    def emit(delta: Delta) -> bool:
        nonlocal first
        if first is None and (delta.text or delta.ids):
            first = perf_counter() - begin
        return False

    begin = perf_counter()
    results = model.infer(batch, options, emit)
    seconds = perf_counter() - begin
    return Call(seconds, first, len(batch), sum(_tokens(result) for result in results))


def _tokens(result: object) -> int:
    """Tokens that were generated for one result, where the task says so."""
    count = result.get("generated_tokens") if isinstance(result, dict) else None
    return count if isinstance(count, int) else 0
