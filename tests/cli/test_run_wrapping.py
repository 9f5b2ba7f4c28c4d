"""Answers on a terminal break between words, whatever the pieces are that they come in."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from hub.cli.wrapping import Wrapper, show

TEXT = "The answer lies in a dance of light.\n\n  - an item that is long\nword"


def wrapped(text: str, columns: int, size: int) -> str:
    wrapper = Wrapper(columns)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    return "".join(wrapper.feed(piece) for piece in pieces) + wrapper.rest()


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_lines_break_between_words_and_keep_their_own_breaks(size: int) -> None:
    assert wrapped(TEXT, 17, size).split("\n") == [
        "The answer lies",
        "in a dance of",
        "light.",
        "",
        "  - an item that",
        "is long",
        "word",
    ]


def test_wide_letters_count_double_and_break_anywhere() -> None:
    assert wrapped("東京は日本の首都", 9, 1).split("\n") == ["東京は日", "本の首都"]


def test_a_word_that_is_wider_than_the_terminal_is_shown_whole() -> None:
    assert wrapped("see https://example.org/a/very/long/address ok", 12, 4).replace("\n", "").replace(" ", "") == (
        "seehttps://example.org/a/very/long/addressok"
    )


def test_no_letter_is_lost() -> None:
    for columns in range(8, 40):
        assert wrapped(TEXT, columns, 2).split() == TEXT.split()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def broken() -> Iterator[str]:
    yield "half a"
    yield " word"
    raise ValueError("cut")


def test_a_line_that_was_begun_is_ended_after_a_failure() -> None:
    out = Terminal()
    with pytest.raises(ValueError, match="cut"):
        show(broken(), out)
    assert out.getvalue() == "half a word\n"


def test_nothing_is_written_where_nothing_came() -> None:
    out = Terminal()
    with pytest.raises(ValueError, match="cut"):
        show(broken_at_once(), out)
    assert out.getvalue() == ""


def broken_at_once() -> Iterator[str]:
    yield from ()
    raise ValueError("cut")


def test_a_pipe_gets_the_pieces_as_they_are() -> None:
    out = io.StringIO()
    show(["a " * 100, "\x1b[0m"], out)
    assert out.getvalue() == "a " * 100 + "\x1b[0m\n"
