"""Sends what a worker has to say, with pieces of answers joined where they come faster than anybody reads.

A model that writes hundreds of tokens a second would keep both processes busy with messages and take the time from
itself. Pieces go as soon as every request that runs has one, as after a step of a runtime that answers several at once,
or after a moment where some have none; and at most every `INTERVAL` seconds, but for the first of a request, which
does not wait for that. Knows nothing of models.
"""

from __future__ import annotations

import pickle
import threading
import time
from multiprocessing.connection import Connection

from hub.errors import InferenceError
from hub.runtime.workers.wire import Piece

__all__ = ["INTERVAL", "MOMENT", "Outbox"]

INTERVAL = 0.025
"""Seconds between two messages with pieces: 40 a second, more than a screen shows or an eye follows."""

MOMENT = 0.004
"""Seconds in which the pieces of one step of a runtime come, one after the other."""


class Outbox:
    """The sending end of a worker's socket. Safe from several threads; keeps the order of what one thread says."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._changed = threading.Condition()
        self._held: list[Piece] = []
        self._holders: set[int] = set()
        self._sent = self._due = 0.0
        threading.Thread(target=self._send_held, name="hub-pieces", daemon=True).start()

    def send(self, message: object) -> None:
        """Send at once, behind the pieces that are held.

        Raises
        ------
        InferenceError
            It cannot be pickled.
        """
        data = _pickled(message)
        with self._changed:
            self._flush()
            self._connection.send_bytes(data)

    def add(self, piece: Piece, *, first: bool, running: int) -> None:
        """Send a piece, together with those that are about to come.

        Parameters
        ----------
        first
            Whether it is the first of its request.
        running
            Requests that may have a piece now.

        Raises
        ------
        InferenceError
            It cannot be pickled.
        """
        if piece.delta.value is not None:  # of a task, who may change it as soon as it is back
            self.send([piece])
            return
        with self._changed:
            now = time.monotonic()
            soonest = now if first else max(now, self._sent + INTERVAL)
            due = soonest if soonest > now else now + MOMENT
            sooner = not self._held or due < self._due
            if sooner:
                self._due = due
            self._held.append(piece)
            self._holders.add(piece.number)
            if soonest <= now and len(self._holders) >= running:
                self._flush()
            elif sooner:
                self._changed.notify()

    def _send_held(self) -> None:
        with self._changed:
            while True:
                left = self._due - time.monotonic()
                if not self._held:
                    self._changed.wait()
                elif left > 0:
                    self._changed.wait(left)
                else:
                    try:
                        self._flush()
                    except OSError:
                        return  # the parent is gone, and the process about to end

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self._holders.clear()
            self._sent = time.monotonic()
            self._connection.send_bytes(_pickled(held))


def _pickled(message: object) -> bytes:
    try:
        return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise InferenceError(f"the answer cannot be sent to another process: {error}") from error
