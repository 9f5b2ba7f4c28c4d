"""What a person is told while a student learns: step, loss, validation, time left.

Knows nothing of models.
"""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Progress"]

_PAUSE = 10.0  # seconds between lines


class Progress:
    """Tells from time to time.

    Parameters
    ----------
    total
        Steps of the run, of which `done` are done already.
    """

    def __init__(self, tell: Callable[[str], None], *, total: int, done: int) -> None:
        self._tell = tell
        self._total = total
        self._first = done
        self._began = self._told = time.monotonic()
        self._validation = ""

    def step(self, done: int, loss: float) -> None:
        """A step was done."""
        now = time.monotonic()
        if now - self._told >= _PAUSE:
            self._told = now
            self._say(done, loss)

    def validated(self, done: int, loss: float | None, validation: float, best: float, place: int) -> None:
        """The student was validated."""
        self._validation = f"validation {validation:.4f}"
        if place != done:
            self._validation += f" (best {best:.4f} at step {place})"
        self._told = time.monotonic()
        self._say(done, loss)

    def _say(self, done: int, loss: float | None) -> None:
        parts = [f"step {done}/{self._total}"]
        if loss is not None:
            parts.append(f"loss {loss:.4f}")
        parts.append(self._validation)
        if self._first < done < self._total:
            each = (time.monotonic() - self._began) / (done - self._first)
            parts.append(f"{duration(each * (self._total - done))} left")
        self._tell(", ".join(part for part in parts if part))


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
