"""How far a download is, on stderr: bars with rate and time left on a terminal, plain lines otherwise.

Implements `hub.store.progress.Progress`. Knows nothing of what is downloaded. `rich.progress` is imported when the
first bar is drawn, so a command that finds everything on disk does not pay for it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import click

from hub.cli.output import human_size

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

__all__ = ["Bars", "Lines", "stop_bars", "terminal_progress"]

_SECONDS = 5.0
_SHARE = 0.1
_LEAST_SECONDS = 1.0
_SMALL = 1_000_000  # bytes; of such a file only the end is said, and no rate

_drawn: list[Bars] = []


def terminal_progress() -> Bars | Lines:
    """Make the display that fits stderr; use it in a `with` block, so that a failed download leaves no bar."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        return Bars()
    return Lines()


def stop_bars() -> None:
    """Take down every bar that is still drawn, so that an error message starts on a clean line."""
    while _drawn:
        _drawn[-1].close()


@dataclass(slots=True)
class _Transfer:
    """One download: bytes that are here, bytes in all, where and when it began, and what was said last."""

    total: int | None
    done: int
    first: int
    began: float
    said_at: float
    said_done: int

    def summary(self, now: float) -> str:
        """How it ended: size and mean rate of what came in this process, or where it stopped."""
        fetched = self.done - self.first
        text = human_size(self.done)
        if self.total is not None and self.done < self.total:
            return f"given up at {text} of {human_size(self.total)}"
        elapsed = now - self.began
        if fetched >= _SMALL and elapsed > 0:
            text += f" at {human_size(fetched / elapsed)}/s"
        return text


class Lines:
    """Plain lines for a log: when a download starts, every tenth or five seconds of it, and when it ends."""

    def __init__(
        self,
        write: Callable[[str], None] = lambda text: click.echo(text, err=True),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._clock = clock
        self._lock = threading.Lock()
        self._transfers: dict[str, _Transfer] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, name: str, total: int | None, done: int = 0) -> None:
        """Say what starts, its size, and what an earlier attempt left; nothing of a small file."""
        now = self._clock()
        with self._lock:
            self._transfers[name] = _Transfer(total, done, done, now, now, done)
        if total is not None and total < _SMALL:
            return
        size = f" ({human_size(total)})" if total is not None else ""
        self._write(f"{name}{size}: " + (f"goes on after {human_size(done)}" if done else "starts"))

    def advance(self, name: str, count: int) -> None:
        """Add bytes; say so if enough time or enough of the file has gone by."""
        now = self._clock()
        with self._lock:
            transfer = self._transfers.get(name)
            if transfer is None:
                return
            transfer.done += count
            line = self._line(transfer, now)
        if line:
            self._write(f"{name}: {line}")

    @staticmethod
    def _line(transfer: _Transfer, now: float) -> str:
        waited = now - transfer.said_at
        total = transfer.total
        tenth = total is not None and transfer.done - transfer.said_done >= _SHARE * total
        if waited < _SECONDS and not (tenth and waited >= _LEAST_SECONDS):
            return ""
        if total is not None and transfer.done >= total:
            return ""
        rate = max(transfer.done - transfer.first, 0) / max(now - transfer.began, 1e-9)
        transfer.said_at, transfer.said_done = now, transfer.done
        if not total:
            return f"{human_size(transfer.done)}, {human_size(rate)}/s"
        text = f"{100 * transfer.done // total}% of {human_size(total)}, {human_size(rate)}/s"
        return text + (f", {_duration((total - transfer.done) / rate)} left" if rate else "")

    def end(self, name: str) -> None:
        """Say that a download is over, with its size and mean rate."""
        with self._lock:
            transfer = self._transfers.pop(name, None)
        if transfer is not None:
            self._write(f"{name}: {transfer.summary(self._clock())}")

    def say(self, text: str) -> None:
        """Pass a line on to the person."""
        self._write(text)

    def close(self) -> None:
        """Forget what has not ended."""
        with self._lock:
            self._transfers.clear()


class Bars:
    """Bars for a person; one that ends becomes a line with its size and mean rate."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._display: RichProgress | None = None
        self._tasks: dict[str, tuple[TaskID, _Transfer]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, name: str, total: int | None, done: int = 0) -> None:
        """Draw a bar; the first one starts the display."""
        now = self._clock()
        with self._lock:
            display = self._display or self._start()
            earlier = self._tasks.pop(name, None)
            if earlier:
                display.remove_task(earlier[0])
            task = display.add_task(name, total=total, completed=done)
            self._tasks[name] = (task, _Transfer(total, done, done, now, now, done))

    def _start(self) -> RichProgress:
        from hub.cli.bars import make_display

        self._display = make_display()
        self._display.start()
        _drawn.append(self)
        return self._display

    def advance(self, name: str, count: int) -> None:
        """Add bytes to a bar."""
        with self._lock:
            if self._display is None or name not in self._tasks:
                return
            task, transfer = self._tasks[name]
            transfer.done += count
            self._display.advance(task, count)

    def end(self, name: str) -> None:
        """Put a line in the place of a bar, unless the file is small; the last one ends the display."""
        with self._lock:
            if self._display is None or name not in self._tasks:
                return
            task, transfer = self._tasks.pop(name)
            self._display.remove_task(task)
            if transfer.done >= _SMALL or transfer.done < (transfer.total or 0):
                self._print(f"{name}  {transfer.summary(self._clock())}")
            if not self._tasks:
                self._stop()

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        with self._lock:
            self._print(text)

    def _print(self, text: str) -> None:
        if self._display is None:
            click.echo(text, err=True)
        else:
            self._display.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bars down, also after a failure."""
        with self._lock:
            self._tasks.clear()
            self._stop()

    def _stop(self) -> None:
        if self._display is not None:
            for task in list(self._display.task_ids):
                self._display.remove_task(task)
            self._display.stop()
            self._display = None
            _drawn.remove(self)


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60:02} min"
