"""What a worker process and its parent say to each other, pickled over a socket that nobody else can reach.

Knows nothing of processes: `hub.runtime.workers.worker` answers, `hub.runtime.workers.remote` asks.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub import errors
from hub.errors import HubError, InferenceError
from hub.runtime.protocols import Delta
from hub.types import Artifact, OptionValue

if TYPE_CHECKING:
    from hub.runtime.planning.plan import Plan

__all__ = [
    "Answer",
    "Ask",
    "Beat",
    "Cancelling",
    "Close",
    "Failure",
    "Listen",
    "Logged",
    "Open",
    "Piece",
    "Ready",
    "RemoteTraceback",
    "portable",
]


@dataclass(frozen=True, slots=True)
class Open:
    """To the worker, first: open this."""

    plan: Plan
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class Ask:
    """To the worker: answer these inputs. Comes in lists, of the requests that begin together."""

    number: int
    inputs: Sequence[Any]  # Any: of the kinds that the task declares
    options: Mapping[str, OptionValue]


@dataclass(frozen=True, slots=True)
class Listen(Ask):
    """To the worker: about a stream of input. `act` is `open`, `push` (of the one input) or `finish`."""

    stream: int
    act: str


@dataclass(frozen=True, slots=True)
class Cancelling:
    """To the worker: end a request early. `keep` gives what was generated so far, as an `emit` that says stop."""

    number: int
    keep: bool


@dataclass(frozen=True, slots=True)
class Close:
    """To the worker: close the model and leave."""


@dataclass(frozen=True, slots=True)
class Beat:
    """To the worker: are you there? And its answer, whatever else it computes."""


@dataclass(frozen=True, slots=True)
class Ready:
    """From the worker: the model is open."""


@dataclass(frozen=True, slots=True)
class Piece:
    """From the worker: a request goes on. Comes in lists, of one request or several."""

    number: int
    delta: Delta

    def __reduce__(self) -> tuple[Callable[..., Piece], tuple[Any, ...]]:  # Any: what a delta has
        """Pickled flat: field by field takes several times as long, for every token."""
        delta = self.delta
        return _piece, (self.number, delta.index, delta.text, delta.ids, delta.value)


def _piece(number: int, index: int, text: str, ids: tuple[int, ...], value: Any) -> Piece:  # Any: as above
    return Piece(number, Delta(index=index, text=text, ids=ids, value=value))


@dataclass(frozen=True, slots=True)
class Answer:
    """From the worker: a request is done."""

    number: int
    results: list[Any]  # Any: the task's output kind


@dataclass(frozen=True, slots=True)
class Failure:
    """From the worker: a request, or opening the model (number 0), failed; with the traceback of there, as text."""

    number: int
    error: HubError
    trace: str


@dataclass(frozen=True, slots=True)
class Logged:
    """From the worker: a warning or error that was logged there."""

    logger: str
    level: int
    text: str


class RemoteTraceback(Exception):
    """The cause of an error that a worker raised: its traceback there."""

    def __str__(self) -> str:
        return f"in the worker process:\n{self.args[0]}"


def portable(error: BaseException) -> tuple[HubError, str]:
    """An error as its nearest class of `hub.errors`, which every process can unpickle, and its traceback."""
    trace = "".join(traceback.format_exception(error))
    if not isinstance(error, HubError):
        return InferenceError(f"the worker failed: {type(error).__name__}: {error}"), trace
    kind = next(kind for kind in type(error).__mro__ if getattr(errors, kind.__name__, None) is kind)
    return kind(error.message, hint=error.hint, details=error.details), trace
