"""Sends a file, or a range of it, without taking its bytes into this process where the system can.

Where the answer goes straight to a socket, the kernel copies it (`sendfile`); else it is read in pieces. Knows
nothing of what the file is.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub_mirror.refusals import Refusal

__all__ = ["FileAnswer", "wanted_range"]

_PIECE = 2**18
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def wanted_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last that a `Range` header asks for; `None` for all of it.

    Several ranges at once are answered with the whole file, as a server may.

    Raises
    ------
    Refusal
        416 where the range lies outside.
    """
    found = _RANGE.fullmatch(header.replace(" ", ""))
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= size or (first and last and int(last) < start) or (not first and int(last) == 0):
        raise Refusal(416, "The range lies outside of the file", headers={"Content-Range": f"bytes */{size}"})
    return start, stop


class FileAnswer(Response):
    """Bytes `start` to `stop` of a file; `headers` have the length already."""

    def __init__(self, path: Path, start: int, stop: int, status: int, headers: dict[str, str]) -> None:
        super().__init__(None, status, headers)
        self.path, self.start, self.stop = path, start, stop
        del self.headers["content-length"]
        self.headers["content-length"] = str(stop - start)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if scope["method"] == "HEAD" or self.stop == self.start:
            await send(head)
            await send({"type": "http.response.body", "body": b""})
            return
        with await run_in_threadpool(self.path.open, "rb") as file:  # before the head: it may have gone
            await send(head)
            if not await _by_kernel(send, file, self.start, self.stop - self.start):
                await _by_hand(send, file, self.start, self.stop - self.start)


async def _by_kernel(send: Send, file: BinaryIO, offset: int, count: int) -> bool:
    """Have the kernel send it; false where that cannot be, and nothing was sent."""
    cycle = getattr(getattr(send, "raw", send), "__self__", None)
    transport = getattr(cycle, "transport", None)
    plain = getattr(transport, "_sendfile_compatible", None) == asyncio.constants._SendfileMode.TRY_NATIVE  # type: ignore[attr-defined]
    if (
        cycle is None
        or transport is None
        or not plain
        or not hasattr(cycle, "expected_content_length")
        or cycle.disconnected
    ):
        return False
    try:
        sent = await asyncio.get_running_loop().sendfile(transport, file, offset, count, fallback=False)
    except (OSError, RuntimeError):  # the client has gone
        sent = -1
    if sent != count:  # or the file is shorter than its row: break off
        cycle.disconnected = True
        transport.abort()
        return True
    cycle.expected_content_length -= count
    if hasattr(send, "sent"):
        send.sent += count
    await send({"type": "http.response.body", "body": b""})
    return True


async def _by_hand(send: Send, file: BinaryIO, offset: int, count: int) -> None:
    await run_in_threadpool(file.seek, offset)
    while count:
        piece = await run_in_threadpool(file.read, min(_PIECE, count))
        if not piece:
            raise Refusal(500, "A content is shorter than it should be")
        count -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": count > 0})
