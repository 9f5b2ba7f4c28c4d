"""Token ids to text as they come, never half a character. Knows nothing of any tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["TextStream"]

_PARTIAL = "\ufffd"  # what a decoder shows for bytes that are no character yet
_LONGEST = 16  # ids that are decoded again with each new one, once what they say is shown


class TextStream:
    """Decodes a stream of ids; the pieces join to the text of all of them.

    What an id adds depends on those before it (a tokenizer drops the space at the start of a text, and a character
    may take several ids), so each is decoded behind the ones that were shown last, and what was known of them is cut
    off. Ids that end within a character wait for the next.

    Parameters
    ----------
    decode
        Text of ids, of which there is at least one; bytes that are no character come out as U+FFFD.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []  # a window: shown ids, then those that wait
        self._known = ""  # text of the shown ids
        self._last = 0  # where the ids begin that were shown last

    def push(self, token: int) -> str:
        """Take an id: the text that is certain now, which may be empty."""
        self._ids.append(token)
        text = self._decode(self._ids)
        if len(text) <= len(self._known) or text.endswith(_PARTIAL):
            return ""
        piece = text[len(self._known) :]
        self._show(text)
        return piece

    def finish(self) -> str:
        """What still waits, without a character that was begun and not ended."""
        text = self._decode(self._ids) if self._ids else ""
        piece = text[len(self._known) :].rstrip(_PARTIAL)
        self._ids, self._known, self._last = [], "", 0
        return piece

    def _show(self, text: str) -> None:
        """Move the window: seldom, because its shown part has to be decoded by itself then."""
        shown = len(self._ids)
        if shown > _LONGEST:
            self._ids = self._ids[self._last :]
            shown, text = len(self._ids), self._decode(self._ids)
        self._known, self._last = text, shown
