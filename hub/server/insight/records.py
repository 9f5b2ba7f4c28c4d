"""Structured logs: each record one JSON object on a line, or readable ones on a terminal; the last are kept.

Prompts and answers are never logged. Knows nothing of HTTP.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hub.texts import one_line
from hub.types import JSON

__all__ = ["Recent", "log_to"]

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_SHOWN = ("time", "level", "logger", "message", "traceback", "request", "client")


class Structured(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return msgspec.json.encode(told(record)).decode()


class Readable(logging.Formatter):
    """A record as a line for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The time, how bad it is where it is, the message, and the fields that were given with it."""
        fields = told(record)
        level = "" if record.levelno <= logging.INFO else f"{record.levelname} "
        shown = one_line(" ".join(f"{name}={value}" for name, value in fields.items() if _is_shown(name, value)))
        trace = fields.get("traceback")
        line = f"{self.formatTime(record, '%H:%M:%S')} {level}{one_line(record.getMessage())}  {shown}".rstrip()
        return f"{line}\n{trace}" if trace else line


class Recent(logging.Handler):
    """Keeps the last records.

    Parameters
    ----------
    count
        How many.
    """

    def __init__(self, count: int = 2000) -> None:
        super().__init__(logging.INFO)
        self._records: deque[dict[str, JSON]] = deque(maxlen=count)
        self._number = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self._number += 1
        self._records.append({"number": self._number, **told(record)})

    def after(self, number: int = 0, model: str = "") -> list[dict[str, JSON]]:
        """Those after a number, of one model or of all."""
        return [
            record
            for record in list(self._records)
            if isinstance(record["number"], int)
            and record["number"] > number
            and model.lower() in f"{record.get('model', '')} {record.get('worker', '')}".lower()
        ]


_last: tuple[logging.LogRecord | None, dict[str, JSON]] = None, {}


def told(record: logging.LogRecord) -> dict[str, JSON]:
    """What a record says: time, level, logger, message, and the fields that were given with it. Not to be changed.

    Each handler asks for the same record right after the other, so the last one is kept.
    """
    global _last  # noqa: PLW0603 - replaced as a whole
    known, said = _last
    if known is not record:
        said = _said(record)
        _last = record, said
    return said


def _said(record: logging.LogRecord) -> dict[str, JSON]:
    fields = {name: _plain(value) for name, value in vars(record).items() if name not in _USUAL}
    when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    base: dict[str, JSON] = {
        "time": when,
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    if record.exc_info:
        base["traceback"] = logging.Formatter().formatException(record.exc_info)
    return {**base, **fields}


def log_to(path: str, recent: Recent) -> None:
    """Send what the server and plugins log to a file, or to stderr where there is no path, and keep the last of it."""
    handler: logging.Handler
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    else:
        handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Readable() if not path and sys.stderr.isatty() else Structured())
    root = logging.getLogger()
    root.handlers[:] = [handler, recent]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    for noisy in ("httpx", "httpcore", "urllib3", "asyncio", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _is_shown(name: str, value: JSON) -> bool:
    return name not in _SHOWN and value != ""


def _plain(value: object) -> JSON:
    return value if isinstance(value, None | bool | int | float | str) else str(value)
