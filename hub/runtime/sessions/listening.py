"""Around a model plugin's stream of input: what it raises becomes an error of ours, what it gives is checked.

Knows nothing of any model.
"""

from __future__ import annotations

from typing import Any

from hub.errors import PluginBroken
from hub.runtime.protocols import Stream
from hub.runtime.sessions.relay import foreign

__all__ = ["Guarded"]


class Guarded(Stream):
    """A stream that keeps the contract."""

    def __init__(self, stream: Stream, what: str) -> None:
        if not isinstance(stream, Stream):
            raise PluginBroken(f"{what} gave {type(stream).__name__} and not a Stream")
        self._stream = stream
        self._what = what

    def push(self, chunk: Any) -> list[Any]:  # Any: as the contract has it
        """Take a piece; give what became certain."""
        with foreign(self._what):
            return self._checked(self._stream.push(chunk))

    def finish(self) -> list[Any]:  # Any: as the contract has it
        """End of input; give what is left."""
        with foreign(self._what):
            return self._checked(self._stream.finish())

    def _checked(self, found: object) -> list[Any]:  # Any: as above
        if not isinstance(found, list):
            raise PluginBroken(f"{self._what} gave {type(found).__name__} from a stream, not a list")
        return found
