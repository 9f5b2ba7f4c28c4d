"""Instances of sources for one pull: one for each thread that needs one, or one for all where the source says so.

Knows nothing of what a source does; it is made by a factory that the caller found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hub.errors import HubError
from hub.sources import Source, SourceContext
from hub.store.session import Session

__all__ = ["SourceFactory", "SourcePool", "Sources"]

SourceFactory = Callable[[SourceContext], Source]
Sources = Callable[[str], SourceFactory]


class SourcePool:
    """Lends sources by scheme, each to one thread at a time."""

    def __init__(self, sources: Sources, session: Session, *, offline: bool) -> None:
        self._sources = sources
        self._session = session
        self._offline = offline
        self._changed = threading.Condition()
        self._idle: dict[str, list[Source]] = {}
        self._exclusive: set[str] = set()
        self._all: list[Source] = []

    @contextmanager
    def borrow(self, scheme: str) -> Iterator[Source]:
        """Lend an instance of the scheme's source.

        Raises
        ------
        HubError
            Nothing installed provides the scheme.
        """
        with self._changed:
            idle = self._idle.setdefault(scheme, [])
            while not idle and scheme in self._exclusive:
                self._changed.wait()
            source = idle.pop() if idle else self._make(scheme)
        try:
            yield source
        finally:
            with self._changed:
                self._idle[scheme].append(source)
                self._changed.notify_all()

    def close(self) -> None:
        """Close every instance; a source that fails to close harms nobody."""
        for source in self._all:
            try:
                source.close()
            except (HubError, OSError):
                continue

    def _make(self, scheme: str) -> Source:
        factory = self._sources(scheme)
        source = factory(SourceContext(scratch=self._session.scratch(f"source-{scheme}"), offline=self._offline))
        self._all.append(source)
        if getattr(source, "exclusive", False):
            self._exclusive.add(scheme)
        return source
