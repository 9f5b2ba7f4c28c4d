"""The tokens of Whisper that are no text: languages, tasks, times. The one module that imports `tokenizers`.

Knows nothing of sound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from hub.errors import InferenceError, OptionError

__all__ = ["WhisperTokens"]

_LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")
_ENGLISH_START = 50_257
"""Id of the start of a transcript in vocabularies for English alone; those for many languages have one token more."""

_TIMES = 1501
_STEP = 0.02  # seconds between two tokens of time


class WhisperTokens:
    """A Whisper's `tokenizer.json`.

    Attributes
    ----------
    end, start, previous, transcribe, translate, timeless
        Ids of the tokens that say so.
    first_time, last
        Ids of the tokens for 0 and for 30 seconds; those between them are 20 ms apart.
    languages
        Code to id; empty for a model of English alone.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises Exception itself
            raise InferenceError(f"{path} cannot be read: {error}") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.end = self._id("<|endoftext|>", path)
        self.start = self._id("<|startoftranscript|>", path)
        self.previous = self._id("<|startofprev|>", path)
        self.transcribe = self._id("<|transcribe|>", path)
        self.translate = self._id("<|translate|>", path)
        self.timeless = self._id("<|notimestamps|>", path)
        self.first_time = self.timeless + 1
        self.last = self.timeless + _TIMES
        self.languages: Mapping[str, int] = {} if self.start == _ENGLISH_START else self._languages()

    def prompt(self, language: str, *, translate: bool, times: bool, before: Sequence[int] = ()) -> tuple[int, ...]:
        """What an answer goes on from.

        Parameters
        ----------
        times
            Whether the model is to write times.
        before
            Tokens of what was said before.
        """
        spoken = (self.languages[language], self.translate if translate else self.transcribe) if self.languages else ()
        said = (self.previous, *before) if before else ()
        return (*said, self.start, *spoken, *(() if times else (self.timeless,)))

    def language_of(self, token: int) -> str | None:
        """Code of the language that a token stands for."""
        return next((code for code, number in self.languages.items() if number == token), None)

    def check_language(self, given: str) -> str:
        """A language as the model names it.

        Raises
        ------
        OptionError
            The model does not know it.
        """
        code = given.lower()
        if not self.languages:
            if code != "en":
                raise OptionError(f"this model knows English alone, not '{given}'", hint="Use a multilingual Whisper.")
        elif code not in self.languages:
            known = ", ".join(sorted(self.languages))
            raise OptionError(f"this model does not know the language '{given}'", hint=f"Codes: {known}")
        return code

    def seconds(self, token: int) -> float:
        """Time that a token stands for."""
        return (token - self.first_time) * _STEP

    def encode(self, text: str) -> list[int]:
        """Ids of a text, with the space before it that words have."""
        ids: list[int] = self._tokenizer.encode(f" {text.strip()}", add_special_tokens=False).ids
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, without those that are no text."""
        text: str = self._tokenizer.decode([token for token in ids if token < self.end], skip_special_tokens=True)
        return text

    def _languages(self) -> dict[str, int]:
        added = self._tokenizer.get_added_tokens_decoder()
        named = ((_LANGUAGE.fullmatch(token.content), number) for number, token in added.items())
        return {match[1]: number for match, number in named if match and self.start < number < self.translate}

    def _id(self, token: str, path: Path) -> int:
        found = self._tokenizer.token_to_id(token)
        if found is None:
            raise InferenceError(f"{path} has no token {token}: it is of no Whisper")
        return int(found)
