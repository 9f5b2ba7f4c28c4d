"""A call that is to begin, and who is told of it: so that one thread lets many calls begin and waits for none.

Knows nothing of what answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from hub.runtime.protocols import Delta, Emit
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.sessions.relay import silent
from hub.runtime.sessions.threads import borrow
from hub.types import OptionValue

__all__ = ["Order", "Outcome", "begin_each", "nothing"]

Outcome = list[Any] | BaseException  # Any: of the task's output kind


def nothing() -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A call, and who is told of it.

    Parameters
    ----------
    inputs
        Of the kinds that the task declares.
    options
        As `resolve_options` gives them.
    ended
        Told once: one result for each input, or why there is none.
    emit
        Told what comes on the way. Like `ended` it may be called by the thread that reads for all: it must not wait.
    ring
        Called after `emit`: once for all that came together, where orders that begin together have the same.
    cancel
        Whether the answer is still wanted.
    """

    inputs: Sequence[Any]  # Any: of the kinds that the task declares
    options: Mapping[str, OptionValue]
    ended: Callable[[Outcome], None]
    emit: Emit = silent
    ring: Callable[[], None] = nothing
    cancel: Cancel = field(default_factory=Cancel)


class Infer(Protocol):
    """Answers one call, and waits for it."""

    def __call__(
        self,
        inputs: Sequence[Any],  # Any: of the kinds that the task declares
        options: Mapping[str, OptionValue],
        emit: Emit,
        cancel: Cancel | None,
        /,
    ) -> list[Any]:
        """Answer each input, in order."""


def begin_each(infer: Infer, orders: Sequence[Order]) -> None:
    """Let calls begin, each in a thread that it borrows."""
    for order in orders:
        borrow(partial(_follow, infer, order))


def _follow(infer: Infer, order: Order) -> None:
    def emit(delta: Delta) -> bool:
        enough = order.emit(delta)
        order.ring()
        return enough

    outcome: Outcome
    try:
        outcome = infer(order.inputs, order.options, emit, order.cancel)
    except BaseException as error:
        outcome = error
    order.ended(outcome)
