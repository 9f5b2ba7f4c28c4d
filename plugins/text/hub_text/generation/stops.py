"""Cuts a stream of text before the first of some texts, wherever its pieces break. Knows nothing of tokens."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["StopTexts"]


class StopTexts:
    """Holds back as much of a stream as may be the beginning of a stop text, and no more.

    The text that is complete first ends the stream, so the result does not depend on how the stream is cut up.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._longest = max(map(len, self._stops), default=0)
        self._held = ""

    def push(self, text: str) -> tuple[str, bool]:
        """Take a piece: the text that may be shown now, and whether the stream ends here."""
        if not self._stops:
            return text, False
        self._held += text
        found = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            shown, self._held = self._held[: min(found)[1]], ""
            return shown, True
        certain = len(self._held) - self._doubtful()
        shown, self._held = self._held[:certain], self._held[certain:]
        return shown, False

    def rest(self) -> str:
        """What was held back, once nothing comes after it."""
        held, self._held = self._held, ""
        return held

    def _doubtful(self) -> int:
        """Length of the longest end of what is held that a stop text begins with."""
        for length in range(min(len(self._held), self._longest - 1), 0, -1):
            if any(stop.startswith(self._held[-length:]) for stop in self._stops):
                return length
        return 0
