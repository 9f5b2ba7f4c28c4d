"""Takes the body of a request into a file, in pieces that are worth a thread.

Knows nothing of what the body is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool

__all__ = ["receive"]

_PIECE = 4 * 2**20


async def receive(chunks: AsyncIterator[bytes], write: Callable[[bytearray], object]) -> int:
    """Hand a body on in large pieces; how many bytes it had. Never holds more than one piece."""
    waiting, total = bytearray(), 0
    async for chunk in chunks:
        waiting += chunk
        total += len(chunk)
        if len(waiting) >= _PIECE:
            await run_in_threadpool(write, waiting)
            waiting = bytearray()
    if waiting:
        await run_in_threadpool(write, waiting)
    return total
