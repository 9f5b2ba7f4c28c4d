"""Notes each request as a line of JSON. Never a token, a signature or a query."""

from __future__ import annotations

import sys
from typing import TextIO

import msgspec
from starlette.requests import Request

from hub_mirror.clock import now

__all__ = ["AccessLog"]


class AccessLog:
    """Lines on stdout (`-`), in a file, or nowhere (empty)."""

    def __init__(self, place: str) -> None:
        self._file: TextIO | None = None
        if place == "-":
            self._file = sys.stdout
        elif place:
            self._file = open(place, "a", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123  # open as long as the server

    def note(self, request: Request, path: str, user: str, status: int, sent: int, seconds: float) -> None:
        """Note one request; several processes may write to one file, so it is one write."""
        if self._file is None:
            return
        line = msgspec.json.encode(
            {
                "time": now(),
                "client": request.client.host if request.client else "",
                "user": user,
                "method": request.method,
                "path": path,
                "status": status,
                "bytes": sent,
                "seconds": round(seconds, 4),
                "agent": request.headers.get("user-agent", "")[:200],
            }
        )
        self._file.write(line.decode() + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file not in {None, sys.stdout}:
            assert self._file is not None
            self._file.close()
