"""Reads stdin while something else is done: of two models that are joined by a pipe, both load at once.

Knows nothing of what the bytes are.
"""

from __future__ import annotations

import os
import sys
import threading

from hub.cli.inputs import PATIENCE
from hub.cli.output import note
from hub.errors import InputError

__all__ = ["Piped"]

_CHUNK = 1 << 20


class Piped:
    """The bytes of stdin, which are read from now on.

    Parameters
    ----------
    what
        What they should be, for messages.
    asked
        Whether the person named stdin, and so knows what is waited for.

    Raises
    ------
    InputError
        There is no stdin.
    """

    def __init__(self, what: str, *, asked: bool) -> None:
        if sys.stdin is None:
            raise InputError("there is no stdin to read from")
        self._what = what
        self._asked = asked
        self._content = bytearray()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._read, args=(sys.stdin.fileno(),), name="hub-stdin", daemon=True)
        self._thread.start()

    def content(self) -> bytes:
        """All of it, once it has ended.

        Raises
        ------
        InputError
            There is nothing, or it cannot be read.
        """
        self._thread.join(None if self._asked else PATIENCE)
        if self._thread.is_alive():
            note("Waiting for the end of stdin. To leave stdin out: hub run … < /dev/null")
            self._thread.join()
        if self._failure is not None:
            raise InputError(f"stdin cannot be read: {self._failure.strerror}") from self._failure
        if not self._content:
            raise InputError("stdin is empty", hint=f"Pipe {self._what} into it, or name a file.")
        return bytes(self._content)

    def _read(self, descriptor: int) -> None:
        """Past Python's own buffer, whose lock a process that ends early would wait for."""
        try:
            while chunk := os.read(descriptor, _CHUNK):
                self._content += chunk
        except OSError as error:
            self._failure = error
