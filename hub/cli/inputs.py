"""Collects what `hub run` answers: words of the command line, files, stdin. Knows nothing of models.

Words are inputs. Files and piped text are inputs too; beside words, a model that converses gets them in front of each
word, so that `cat report.txt | hub run MODEL "Sum this up"` does what it says.
"""

from __future__ import annotations

import select
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.cli.output import note
from hub.errors import InputError

__all__ = ["PATIENCE", "Inputs", "gather", "is_piped"]

PATIENCE = 2.0
"""Seconds until a person is told that stdin is waited for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What was given: words of the command line, and texts of files and stdin."""

    words: tuple[str, ...]
    texts: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.words or self.texts)

    def combine(self, *, converses: bool, lines: bool) -> list[str]:
        """Make the inputs: texts in front of each word for a model that converses, beside the words for others."""
        if not (converses and self.words and self.texts):
            return [*self.texts, *self.words]
        texts = self.texts if lines else ("\n\n".join(self.texts),)
        return [f"{text}\n\n{word}" for word in self.words for text in texts]


def gather(words: Sequence[str], files: Sequence[str], *, lines: bool) -> Inputs:
    """Read what was named; stdin if `-` names it, or if it is piped. Empty `Inputs` if there is nothing at all.

    Raises
    ------
    InputError
        An input that is empty, cannot be read, or is not text.
    """
    texts: list[str] = []
    if "-" not in words and "-" not in files and is_piped():
        text = _read_stdin()
        if text.strip():
            texts += _split(text, lines)
        elif not words and not files:
            raise InputError("stdin is empty", hint="Give an INPUT, a --file, or text on stdin.")
    for name in files:
        text = _read_stdin() if name == "-" else _read_file(name)
        if not text.strip():
            raise InputError(f"{'stdin' if name == '-' else name} holds no text")
        texts += _split(text, lines)
    inputs = Inputs(words=tuple(_read_stdin() if word == "-" else word for word in words), texts=tuple(texts))
    if not all(word.strip() for word in inputs.words):
        raise InputError("the input is empty", hint='Give it some text: hub run MODEL "Why is the sky blue?"')
    return inputs


def _split(text: str, lines: bool) -> list[str]:
    return [line for line in text.splitlines() if line.strip()] if lines else [text]


def _read_file(name: str) -> str:
    try:
        return _decode(Path(name).expanduser().read_bytes(), name)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from error


def _read_stdin() -> str:
    if sys.stdin is None:
        raise InputError("there is no stdin to read from")
    if is_piped() and not select.select([sys.stdin], [], [], PATIENCE)[0]:
        note("Waiting for the end of stdin. To leave stdin out: hub run … < /dev/null")
    return _decode(sys.stdin.buffer.read(), "stdin")


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not UTF-8 text: byte {content[error.start]:#04x} at {error.start}",
            hint=f"If it is text, convert it first: iconv -t utf-8 {name}",
        ) from error


def is_piped() -> bool:
    """Whether stdin is a pipe, a socket or a file: neither a terminal nor /dev/null."""
    import os

    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
