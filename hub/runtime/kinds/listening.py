"""A stream of input as its caller holds it: chunks in, what became certain out. Knows nothing of models."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from hub.errors import SessionClosed
from hub.runtime.kinds.reading import Reader
from hub.runtime.protocols import Stream

__all__ = ["Listener"]


class Listener:
    """What `LoadedModel.listen` gives. One thread at a time; leaving the `with` block finishes it."""

    def __init__(self, stream: Stream, reader: Reader) -> None:
        self._stream: Stream | None = stream
        self._reader = reader

    def push(self, chunk: object) -> list[Any]:  # Any: partial results of the task
        """Take a piece of input, of any shape that a whole input has; give what became certain.

        Raises
        ------
        InputError
            It cannot be read.
        SessionClosed
            After `finish`.
        """
        return self._open().push(self._reader.read(chunk))

    def finish(self) -> list[Any]:  # Any: as above
        """End the input; give what is left."""
        stream = self._open()
        self._stream = None
        return stream.finish()

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self.finish()

    def _open(self) -> Stream:
        if self._stream is None:
            raise SessionClosed("this stream of input is finished", hint="Open another: model.listen()")
        return self._stream
