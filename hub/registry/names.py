"""How names compare (case-insensitive, `-` and `_` alike), and which names are near to one that is not there.

Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["key", "likeness", "near"]

ALIKE = 0.6
"""The likeness from which on a person may have meant the other name."""


def key(name: str) -> str:
    """Form of an id, alias or variant name under which two that are the same are equal."""
    return name.casefold().replace("_", "-")


def likeness(wanted: str, known: str) -> float:
    """How alike two keys are, from 0 to 1: as a whole, or to the beginning of the known one."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(b=wanted, autojunk=False)
    best = 0.0
    for part, weight in ((known, 1.0), (known[: len(wanted) + 1], 0.9)):
        matcher.set_seq1(part)
        if matcher.real_quick_ratio() * weight > best and matcher.quick_ratio() * weight > best:
            best = max(best, matcher.ratio() * weight)
    return best


def near(name: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """Names that a person who wrote `name` may have meant, nearest first."""
    spellings: dict[str, str] = {}
    for candidate in known:
        spellings.setdefault(key(candidate), candidate)
    wanted = key(name)
    found = []
    for each, spelling in spellings.items():
        score = 0.95 if len(wanted) > 2 and wanted in each else likeness(wanted, each)
        if score >= ALIKE:
            found.append((-score, spelling))
    return [spelling for _, spelling in sorted(found)[:limit]]
