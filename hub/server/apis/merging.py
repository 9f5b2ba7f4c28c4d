"""Several answers at once, their pieces in the order in which they come. Knows nothing of interfaces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from typing import TypeVar

from hub.runtime.protocols import Delta
from hub.server.service import Answering

__all__ = ["begun", "merged"]

T = TypeVar("T")
Arrived = tuple[int, list[Delta] | None]
"""Which answer, and what came of it; `None` at its end."""


async def merged(answers: Sequence[Answering]) -> AsyncIterator[Arrived]:
    """Pieces of all answers; the first that fails ends them all.

    Raises
    ------
    HubError, Fault
        An answer failed.
    """
    if len(answers) == 1:
        async with aclosing(answers[0].pieces()) as pieces:  # type: ignore[type-var]
            async for some in pieces:
                yield 0, some
        yield 0, None
        return
    arrived: asyncio.Queue[Arrived | BaseException] = asyncio.Queue()
    tasks = [asyncio.create_task(_follow(index, answer, arrived)) for index, answer in enumerate(answers)]
    left = len(tasks)
    try:
        while left:
            item = await arrived.get()
            if isinstance(item, BaseException):
                raise item
            left -= item[1] is None
            yield item
    finally:
        for task in tasks:
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def _follow(index: int, answer: Answering, arrived: asyncio.Queue[Arrived | BaseException]) -> None:
    try:
        async with aclosing(answer.pieces()) as pieces:  # type: ignore[type-var]
            async for some in pieces:
                arrived.put_nowait((index, some))
        arrived.put_nowait((index, None))
    except Exception as error:
        arrived.put_nowait(error)


async def begun(source: AsyncIterator[T]) -> AsyncIterator[T]:
    """The same source once its first piece is there: so what is wrong with a request shows before its status."""
    first = await anext(source)

    async def whole() -> AsyncIterator[T]:
        try:
            yield first
            async for item in source:
                yield item
        finally:
            await source.aclose()  # type: ignore[attr-defined]

    return whole()
