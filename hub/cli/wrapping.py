"""Wraps streamed text at words, for a terminal that would break in the middle of them. Knows widths, not meanings."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import TextIO
from unicodedata import combining, east_asian_width

from hub.cli.output import printable

__all__ = ["Wrapper", "show"]


def show(pieces: Iterable[str], out: TextIO) -> None:
    """Write pieces as they come, wrapped for a terminal; the line that was begun is ended, also after a failure."""
    wrapper = Wrapper() if out.isatty() else None
    begun = False
    try:
        for piece in pieces:
            begun = True
            out.write(wrapper.feed(printable(piece)) if wrapper else piece)
            out.flush()
    except BaseException:
        if begun:
            _end(wrapper, out)
        raise
    _end(wrapper, out)


def _end(wrapper: Wrapper | None, out: TextIO) -> None:
    out.write((wrapper.rest() if wrapper else "") + "\n")
    out.flush()


class Wrapper:
    """Takes pieces of text as they come and gives what can be shown: a word waits until its end is known.

    Parameters
    ----------
    columns
        Width of the terminal; that of the real one by default.
    """

    def __init__(self, columns: int | None = None) -> None:
        self._columns = columns or shutil.get_terminal_size().columns
        self._at = 0
        self._word = ""
        self._space = ""

    def feed(self, piece: str) -> str:
        """Take a piece; give the words that are complete."""
        return "".join(map(self._take, piece))

    def rest(self) -> str:
        """Give what is left, at the end or when the text is stopped."""
        return self._placed()

    def _take(self, char: str) -> str:
        if char == "\n":
            shown = self._placed() + "\n"
            self._at, self._space = 0, ""
            return shown
        if char in " \t":
            shown = self._placed()
            self._space += " " if char == " " else "    "
            return shown
        self._word += char
        if _width(char) == 2 or _width(self._word) >= self._columns - 1:
            return self._placed()  # wide scripts break anywhere; a word that is wider than the line cannot wait
        return ""

    def _placed(self) -> str:
        if not self._word:
            return ""
        width, gap = _width(self._word), len(self._space)
        if self._at and self._at + gap + width > self._columns - 1:
            shown, self._at = "\n" + self._word, width
        else:
            shown, self._at = self._space + self._word, self._at + gap + width
        self._word = self._space = ""
        return shown


def _width(text: str) -> int:
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
