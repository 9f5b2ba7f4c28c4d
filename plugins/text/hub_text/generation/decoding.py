"""Token ids to text as they come, never half a character. Knows nothing of any tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["TextStream"]

_PARTIAL = "\ufffd"  # what a decoder shows for bytes that are no character yet


class TextStream:
    """Decodes a stream of ids; the pieces join to the text of all of them.

    What an id adds depends on those before it (a tokenizer drops the space at the start of a text, and a character
    may take several ids), so each is decoded behind the ones that were shown last, and what was known of them is cut
    off. Ids that end within a character wait for the next.

    Parameters
    ----------
    decode
        Text of ids; bytes that are no character come out as U+FFFD.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []  # a window: shown ids, then those that wait
        self._shown = 0

    def push(self, token: int) -> str:
        """Take an id: the text that is certain now, which may be empty."""
        self._ids.append(token)
        known, text = self._decode(self._ids[: self._shown]), self._decode(self._ids)
        if len(text) <= len(known) or text.endswith(_PARTIAL):
            return ""
        self._ids = self._ids[self._shown :]
        self._shown = len(self._ids)
        return text[len(known) :]

    def finish(self) -> str:
        """What still waits, without a character that was begun and not ended."""
        known, text = self._decode(self._ids[: self._shown]), self._decode(self._ids)
        self._ids, self._shown = [], 0
        return text[len(known) :].rstrip(_PARTIAL)
