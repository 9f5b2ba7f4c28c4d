"""Counters of all worker processes, in the text form of Prometheus.

Each process keeps its own and writes them to a file once a second; whoever is asked adds up the files. What an ended
process counted stays counted. Knows nothing of endpoints.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

__all__ = ["Metrics"]

_BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0)
_HELP = {
    "hub_requests_total": "Requests answered, by method, route and status.",
    "hub_sent_bytes_total": "Bytes of answers.",
    "hub_received_bytes_total": "Bytes of uploaded contents.",
    "hub_commits_total": "Commits made by callers.",
    "hub_upstream_bytes_total": "Bytes fetched from the upstream hub.",
    "hub_request_seconds": "Time to answer.",
}


class Metrics:
    """Counters of this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.metrics"  # numbers of processes come again
        self._counts: Counter[str] = Counter()
        self._running = 0
        self._task: asyncio.Task[None] | None = None

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        self._counts[name + _labels(labels)] += amount  # type: ignore[assignment]  # a Counter takes floats as well

    def begin(self) -> None:
        """A request came."""
        self._running += 1

    def end(self, method: str, route: str, status: int, sent: int, seconds: float) -> None:
        """It was answered."""
        self._running -= 1
        self.count("hub_requests_total", method=method, route=route, status=str(status))
        self.count("hub_sent_bytes_total", sent)
        for bucket in _BUCKETS:
            if seconds <= bucket:
                self.count("hub_request_seconds_bucket", le=str(bucket))
        self.count("hub_request_seconds_bucket", le="+Inf")
        self.count("hub_request_seconds_sum", seconds)
        self.count("hub_request_seconds_count")

    def start(self) -> None:
        """Write them down once a second from now on."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Write them down a last time."""
        if self._task is not None:
            self._task.cancel()
        self.flush()

    def flush(self) -> None:
        """Write them down."""
        temporary = self._path.with_suffix(".new")
        with suppress(OSError):
            temporary.write_bytes(msgspec.json.encode(dict(self._counts)))
            os.replace(temporary, self._path)

    def text(self, extra: dict[str, float]) -> str:
        """All counters of all processes."""
        self.flush()
        total: Counter[str] = Counter()
        for path in self._folder.glob("*.metrics"):
            with suppress(OSError, msgspec.MsgspecError):
                total.update(msgspec.json.decode(path.read_bytes(), type=dict[str, float]))
        lines: list[str] = []
        for name, text in _HELP.items():
            kind = "histogram" if name == "hub_request_seconds" else "counter"
            keys = [key for key in total if key.startswith(name)]
            lines += _family(name, kind, text, {key: total[key] for key in sorted(keys, key=_place)})
        for name in dict.fromkeys(key.partition("{")[0] for key in extra):
            values = {key: value for key, value in extra.items() if key.partition("{")[0] == name}
            lines += _family(name, "gauge", "", values)
        return "\n".join(lines) + "\n"

    async def _run(self) -> None:
        seen = 0.0
        while True:
            await asyncio.sleep(1)
            total = sum(self._counts.values())
            if total != seen:
                seen = total
                await asyncio.to_thread(self.flush)


def _family(name: str, kind: str, text: str, values: Mapping[str, float]) -> list[str]:
    lines = [f"# HELP {name} {text}"] if text else []
    lines.append(f"# TYPE {name} {kind}")
    return [*lines, *(f"{key} {int(value) if value == int(value) else value!r}" for key, value in values.items())]


def _place(key: str) -> tuple[str, float, str]:
    """Order within a family: buckets by their bound."""
    name, _, label = key.partition('{le="')
    return name, float(label.rstrip('"}')) if label else 0.0, key


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
