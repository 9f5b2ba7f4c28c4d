"""Sends what a worker has to say, with pieces of answers joined where they come faster than anybody reads.

A model that writes hundreds of tokens a second would keep both processes busy with messages and take the time from
itself. The first piece of a request goes at once, as does one after a pause; the others go together, at most every
`INTERVAL` seconds, and always before the end of their request. Knows nothing of models.
"""

from __future__ import annotations

import pickle
import threading
import time
from multiprocessing.connection import Connection

from hub.errors import InferenceError
from hub.runtime.workers.wire import Piece

__all__ = ["INTERVAL", "Outbox"]

INTERVAL = 0.025
"""Seconds between two messages with pieces: 40 a second, more than a screen shows or an eye follows."""


class Outbox:
    """The sending end of a worker's socket. Safe from several threads; keeps the order of what one thread says."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._held: list[Piece] = []
        self._sent = 0.0
        self._some = threading.Event()
        threading.Thread(target=self._send_held, name="hub-pieces", daemon=True).start()

    def send(self, message: object) -> None:
        """Send at once, behind the pieces that are held.

        Raises
        ------
        InferenceError
            It cannot be pickled.
        """
        data = _pickled(message)
        with self._sending:
            self._flush()
            self._connection.send_bytes(data)

    def add(self, piece: Piece, *, first: bool) -> None:
        """Send a piece: at once if it is the first of its request or nothing was sent lately, else soon.

        Raises
        ------
        InferenceError
            It cannot be pickled.
        """
        if piece.delta.value is not None:  # of a task, who may change it as soon as it is back
            self.send([piece])
            return
        with self._sending:
            self._held.append(piece)
            if first or time.monotonic() - self._sent >= INTERVAL:
                self._flush()
            else:
                self._some.set()

    def _send_held(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            time.sleep(max(0.0, self._sent + INTERVAL - time.monotonic()))
            try:
                with self._sending:
                    self._flush()
            except OSError:
                return  # the parent is gone, and the process about to end

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self._sent = time.monotonic()
            self._connection.send_bytes(_pickled(held))


def _pickled(message: object) -> bytes:
    try:
        return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise InferenceError(f"the answer cannot be sent to another process: {error}") from error
