"""A text as sentences of phonemes, as Piper voices learnt them: with punctuation, and letters in their smallest parts.

Knows nothing of ids and of sound.
"""

from __future__ import annotations

import re
import unicodedata

from hub_audio.speech.espeak import clauses

__all__ = ["letters", "phonemes"]

_LANGUAGE_SWITCH = re.compile(r"\([^)]*\)")  # espeak-ng marks words that it reads in another language: (en)
_ENDS = {
    ".": ".", "…": ".", "。": ".", "।": ".", "۔": ".",
    "?": "?", "？": "?", "؟": "?", ";": ";", "；": ";", "؛": ";", "—": ";", "–": ";",
    "!": "!", "！": "!", ",": ",", "，": ",", "、": ",", "،": ",", ":": ":", "：": ":",
}  # fmt: skip
_SENTENCE = frozenset(".?!")
_RUN = re.compile(rf"([{re.escape(''.join(_ENDS))}]+)[^\w{re.escape(''.join(_ENDS))}]*$")
_PARAGRAPH = re.compile(r"\n\s*\n")


def phonemes(text: str, voice: str) -> list[str]:
    """Phonemes of each sentence, in Unicode's decomposed form: accents are letters of their own.

    Parameters
    ----------
    voice
        Of espeak-ng.
    """
    found: list[str] = []
    sentence = ""
    read = clauses(text, voice)
    for number, (sounds, source) in enumerate(read):
        mark, ends = _end(source, last=number == len(read) - 1)
        spoken = _LANGUAGE_SWITCH.sub("", sounds)
        if spoken.strip():
            sentence += spoken + mark + ("" if ends or not mark else " ")
        if ends and sentence:
            found.append(unicodedata.normalize("NFD", sentence))
            sentence = ""
    return [*found, unicodedata.normalize("NFD", sentence)] if sentence.strip() else found


def letters(text: str) -> list[str]:
    """The text itself, for voices that read letters: one sentence, decomposed."""
    found = unicodedata.normalize("NFD", text.strip())
    return [found] if found else []


def _end(source: str, *, last: bool) -> tuple[str, bool]:
    """Punctuation that ends a clause, and whether a sentence ends with it.

    espeak-ng reads one letter into the next clause before it knows that this one is over.
    """
    read = source if last or not source[-1:].isalnum() else source[:-1]
    if _PARAGRAPH.search(read[-8:]):
        read, ends = read.rstrip(), True
    else:
        ends = False
    run = _RUN.search(read)
    mark = _ENDS[run[1][0]] if run else ""
    return mark, ends or mark in _SENTENCE
