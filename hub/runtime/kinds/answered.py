"""Answers inputs one by one for the caller and in batches for the model; a bad input does not end the others.

Knows nothing of models: the call that answers a batch is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hub.errors import ContextOverflow, InputError
from hub.runtime.kinds.reading import Reader

__all__ = ["Answered", "answer_each"]

Infer = Callable[[list[Any]], list[Any]]  # Any: of the kinds of the task


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What became of one input.

    Parameters
    ----------
    given
        The input as it was given.
    value
        What was read of it; `None` where it could not be read.
    result
        The answer; `None` where there is none.
    error
        Why there is none.
    """

    given: Any  # Any: whatever a kind's codec reads
    value: Any = None  # Any: the kind's Python type
    result: Any = None  # Any: the task's output kind
    error: InputError | ContextOverflow | None = None


def answer_each(inputs: Iterable[object], reader: Reader, infer: Infer) -> Iterator[Answered]:
    """Answer inputs in order, in batches that memory takes well."""
    batch: list[Answered] = []
    held = 0
    for given in inputs:
        try:
            value = reader.read(given)
        except (InputError, ContextOverflow) as error:
            batch.append(Answered(given=given, error=error))
        else:
            batch.append(Answered(given=given, value=value))
            held += reader.weigh(value)
        if reader.enough(len(batch), held):
            yield from _answered(batch, reader, infer)
            batch, held = [], 0
    yield from _answered(batch, reader, infer)


def _answered(batch: list[Answered], reader: Reader, infer: Infer) -> Iterator[Answered]:
    """The batch at once; where the model refuses it, each on its own, to tell which it was."""
    able = [each for each in batch if each.error is None]
    try:
        results = infer([each.value for each in able])
    except (InputError, ContextOverflow) as error:
        if len(able) == 1:
            found = {id(able[0]): _with(able[0], error=error)}
        else:
            found = {id(each): next(_answered([each], reader, infer)) for each in able}
    else:
        found = {id(each): _with(each, result=result) for each, result in zip(able, results, strict=True)}
    yield from (found.get(id(each), each) for each in batch)


def _with(answered: Answered, *, result: object = None, error: InputError | ContextOverflow | None = None) -> Answered:
    return Answered(given=answered.given, value=answered.value, result=result, error=error)
