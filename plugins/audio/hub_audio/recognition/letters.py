"""From the likeliest letter of each frame to words with their times.

As CTC has it (Graves et al., 2006): what repeats counts once, and blanks part letters. Knows nothing of models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.types import JSON

__all__ = ["Alphabet", "Word", "Writer", "read_alphabet"]

_SPECIAL = re.compile(r"<.+>|\[.+\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word, and the first frame of it and the one after its last."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Alphabet:
    """What ids stand for.

    Parameters
    ----------
    letters
        Id to letter; ids that are not there write nothing.
    blank, gap
        Ids of the blank, and of what parts words.
    """

    letters: Mapping[int, str]
    blank: int
    gap: int


def read_alphabet(
    vocabulary: Mapping[str, JSON], tokenizer: Mapping[str, JSON], config: Mapping[str, JSON]
) -> Alphabet:
    """The alphabet that `vocab.json`, `tokenizer_config.json` and `config.json` describe.

    Raises
    ------
    ValueError
        They do not say what the blank is.
    """
    ids = {token: number for token, number in vocabulary.items() if isinstance(number, int)}
    blank = config.get("pad_token_id")
    if not isinstance(blank, int):
        found = ids.get(_text(tokenizer.get("pad_token")) or "<pad>")
        if found is None:
            raise ValueError("neither config.json nor vocab.json says which id is the blank")
        blank = found
    gap = ids.get(_text(tokenizer.get("word_delimiter_token")) or "|", -1)
    lower = tokenizer.get("do_lower_case") is True
    letters = {
        number: token.lower() if lower else token for token, number in ids.items() if not _SPECIAL.fullmatch(token)
    }
    return Alphabet(letters={key: value for key, value in letters.items() if key != blank}, blank=blank, gap=gap)


class Writer:
    """Takes ids frame by frame and gives words as they end."""

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._last = alphabet.blank
        self._at = 0
        self._word = ""
        self._start = self._end = 0

    def feed(self, ids: Iterable[int]) -> list[Word]:
        """Take the next frames; give the words that ended."""
        found: list[Word] = []
        for number in ids:
            if number == self._alphabet.gap:
                found += self.finish()
            elif number in self._alphabet.letters:
                if number != self._last:
                    self._start = self._start if self._word else self._at
                    self._word += self._alphabet.letters[number]
                self._end = self._at + 1
            self._last = number
            self._at += 1
        return found

    def finish(self) -> list[Word]:
        """The word that is left."""
        word, self._word = self._word, ""
        return [Word(text=word, start=self._start, end=self._end)] if word else []


def _text(value: JSON) -> str | None:
    """A token, which is written as a text or as an object with a `content`."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else None
