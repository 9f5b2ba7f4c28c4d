"""How far one text is from another, in words or in characters (Levenshtein, 1966). Knows nothing of sound."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

__all__ = ["distance", "plain_words"]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def plain_words(text: str) -> list[str]:
    """Words in lower case, without punctuation."""
    return [word.replace("’", "'") for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold())]


def distance(wanted: Sequence[str], given: Sequence[str]) -> int:
    """Least number of insertions, deletions and substitutions from one to the other."""
    row = list(range(len(given) + 1))
    for number, word in enumerate(wanted, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(given, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1]
