"""Carries what a callback raises past a runtime that would swallow it.

A runtime calls back from its own loop, sometimes from C++ or from another thread: what is raised there is lost, or
ends the process. The relay catches it, tells the runtime to stop, and gives it back when the runtime has returned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from hub.errors import HubError, InferenceError, PluginBroken
from hub.runtime.protocols import Delta, Emit

__all__ = ["Relay", "silent"]


def silent(_: Delta) -> bool:
    """Take a delta and want more: the `emit` of a caller who waits for the whole answer."""
    return False


class Relay:
    """An `emit` that never raises.

    Parameters
    ----------
    emit
        The caller's.
    inputs
        How many inputs the request has; a delta for another one breaks the contract.
    what
        Who calls back, for messages.
    """

    def __init__(self, emit: Emit, inputs: int, what: str) -> None:
        self._emit = emit
        self._inputs = inputs
        self._what = what
        self.failure: BaseException | None = None
        self.stopped = False

    def __call__(self, delta: Delta) -> bool:
        """Hand the delta on; `True` once the caller wants to stop or has raised."""
        if self.stopped:
            return True
        try:
            if not isinstance(delta, Delta) or not 0 <= delta.index < self._inputs:
                raise PluginBroken(f"{self._what} emitted {delta!r}; there are {self._inputs} inputs")
            self.stopped = bool(self._emit(delta))
        except BaseException as error:  # KeyboardInterrupt too: `calling` raises it again
            self.failure = error
            self.stopped = True
        return self.stopped

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Around the runtime's call: what the callback raised comes first, then `HubError`, then all else wrapped."""
        try:
            with foreign(self._what):
                yield
        except Exception as error:
            if self.failure is None:
                raise
            raise self.failure from (error if error is not self.failure else self.failure.__cause__)
        if self.failure is not None:
            raise self.failure


class foreign:  # noqa: N801 - used as a function is
    """Turn an exception that is not ours into `InferenceError`, from the original.

    A class and no generator: it stands around every call, also around those that take some microseconds.
    """

    __slots__ = ("_doing", "_what")

    def __init__(self, what: str, doing: str = "failed") -> None:
        self._what = what
        self._doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, HubError) or not isinstance(error, Exception):
            return
        if isinstance(error, MemoryError):
            hint = "Try shorter or fewer inputs at once"
            raise InferenceError(f"{self._what} ran out of memory", hint=hint) from error
        raise InferenceError(f"{self._what} {self._doing}: {type(error).__name__}: {error}") from error
