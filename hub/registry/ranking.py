"""How well a model answers a query: exact names first, then beginnings, words, parts of words; or how near it comes.

Deterministic: the same query over the same registries gives the same order. Knows nothing of filters.
"""

from __future__ import annotations

import re

from hub.registry.listing import Listing
from hub.registry.names import ALIKE, key, likeness

__all__ = ["nearness", "relevance", "words"]

_NAME, _TAG, _TASK, _TEXT = 1.0, 0.6, 0.5, 0.4
_WORD_ALIKE = 0.75


def words(text: str) -> list[str]:
    """Words of a query or text, as they are compared."""
    return re.findall(r"[^\W_]+(?:\.[^\W_]+)*", text.casefold())


def relevance(query: str, model: Listing) -> float:
    """0 where the model does not answer the query; each word of the query has to be somewhere.

    A query that is an id or alias scores highest. Otherwise the score is the mean of its words', each taken where
    it fits best: in a name, a tag, the task or family, the summary.
    """
    wanted = words(query)
    if not wanted:
        return 1.0
    names = _names(model)
    whole = key(query.strip())
    if whole in names:
        return 10.0
    if any(name.startswith(whole) for name in names):
        return 5.0
    scores = [_word(word, model, names) for word in wanted]
    return sum(scores) / len(scores) if all(scores) else 0.0


def nearness(query: str, model: Listing) -> float:
    """How near a query, perhaps misspelt, comes to the names, tags and task of a model; 0 where it does not."""
    names = _names(model)
    whole = max(likeness(key(query.strip()), name) for name in names)
    if whole >= ALIKE:
        return whole
    known = set(words(" ".join((*names, *model.tags, model.task))))
    scores = [max(likeness(word, each) for each in known) for word in words(query)]
    return min(scores) if scores and min(scores) >= _WORD_ALIKE else 0.0


def _names(model: Listing) -> list[str]:
    return [key(name) for name in (*model.aliases, model.id, model.id.rpartition("/")[2])]


def _word(word: str, model: Listing, names: list[str]) -> float:
    fields = (
        (_NAME, names),
        (_TAG, model.tags),
        (_TASK, (model.task, model.family)),
        (_TEXT, (model.summary,)),
    )
    return max(weight * _fit(word, " ".join(texts).casefold()) for weight, texts in fields)


def _fit(word: str, text: str) -> float:
    """1 for a whole word, less for its beginning, still less for a part of it."""
    if word not in text:
        return 0.0
    here = words(text)
    if word in here:
        return 1.0
    return 0.8 if any(each.startswith(word) for each in here) else 0.5
