"""A queue that is bounded and fair: the urgent first, clients in turn, and each client's requests in order.

Knows nothing of models.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

__all__ = ["FairQueue", "Waiting"]


class Waiting(Protocol):
    """What may stand in the queue."""

    @property
    def client(self) -> str:
        """Who asks."""

    @property
    def priority(self) -> int:
        """How urgent it is, the higher the more."""


W = TypeVar("W", bound=Waiting)


class FairQueue(Generic[W]):
    """Not safe from several threads.

    Parameters
    ----------
    limit
        Most that may wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lines: dict[int, OrderedDict[str, deque[W]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[W]:
        for _, lines in sorted(self._lines.items(), reverse=True):
            for line in lines.values():
                yield from line

    @property
    def full(self) -> bool:
        """Whether no more may come."""
        return self._count >= self._limit

    def put(self, item: W) -> None:
        """Let it wait behind those of the same client."""
        self._lines.setdefault(item.priority, OrderedDict()).setdefault(item.client, deque()).append(item)
        self._count += 1

    def take(self) -> W:
        """Whose turn it is; the client goes to the end of the line of clients."""
        priority = max(self._lines)
        lines = self._lines[priority]
        client, line = next(iter(lines.items()))
        item = line.popleft()
        lines.move_to_end(client)
        self._tidy(priority, client)
        self._count -= 1
        return item

    def remove(self, item: W) -> bool:
        """Take one out of its line; `False` where it waits no more."""
        lines = self._lines.get(item.priority)
        line = lines.get(item.client) if lines is not None else None
        if line is None or item not in line:
            return False
        line.remove(item)
        self._tidy(item.priority, item.client)
        self._count -= 1
        return True

    def _tidy(self, priority: int, client: str) -> None:
        lines = self._lines[priority]
        if not lines[client]:
            del lines[client]
        if not lines:
            del self._lines[priority]
