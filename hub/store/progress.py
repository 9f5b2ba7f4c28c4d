"""What a pull tells about its progress. Knows nothing of terminals: `hub.cli.progress` draws, tests record."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "Silent"]


class Progress(Protocol):
    """Told by several threads at once: an implementation locks what it shares."""

    def begin(self, name: str, total: int | None, done: int = 0) -> None:
        """A file of `total` bytes starts (or starts again), of which `done` are already here."""

    def advance(self, name: str, count: int) -> None:
        """`count` more bytes arrived; negative where bytes were thrown away."""

    def end(self, name: str) -> None:
        """The file is complete and verified, or given up."""

    def say(self, text: str) -> None:
        """One line for the person: what is waited for, refused or tried next."""


class Silent:
    """Tells nobody."""

    def begin(self, name: str, total: int | None, done: int = 0) -> None:
        """Do nothing."""

    def advance(self, name: str, count: int) -> None:
        """Do nothing."""

    def end(self, name: str) -> None:
        """Do nothing."""

    def say(self, text: str) -> None:
        """Do nothing."""
