"""How names compare (case-insensitive, `-` and `_` alike), and which names are near to one that is not there.

Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["key", "near"]


def key(name: str) -> str:
    """Form of an id, alias or variant name under which two that are the same are equal."""
    return name.casefold().replace("_", "-")


def near(name: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """Names that a person who wrote `name` may have meant, nearest first."""
    from difflib import get_close_matches

    spellings: dict[str, str] = {}
    for candidate in known:
        spellings.setdefault(key(candidate), candidate)
    wanted = key(name)
    close = get_close_matches(wanted, list(spellings), n=limit, cutoff=0.6)
    close += [each for each in spellings if each not in close and len(wanted) > 2 and (wanted in each)]
    return [spellings[each] for each in close[:limit]]
