"""Altered copies of sequences, so that a student hears its teacher on more than the text that there is.

A copy is a stretch of a sequence, or all of it, in which some tokens are others of the vocabulary. A teacher says what
it makes of any tokens, so that no label is wrong: words that the text lacks, and others in other company, are what a
student would otherwise be left to guess. Replaced words as data for distillation: Jiao et al. 2020, "TinyBERT"
(arXiv:1909.10351), who ask a language model for words that fit; here the vocabulary is drawn from evenly, as in Wang et
al. 2018, "SwitchOut" (arXiv:1808.07512). Standard library alone; knows nothing of models.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from hub_distill.texts import Ids

__all__ = ["altered"]

_CUT = 0.5
"""Share of the copies that are a stretch of their sequence."""
_SHORTEST = 4
"""Such a stretch is this part of the sequence at least."""
_MOST = 0.3
"""Largest share of the tokens of a copy that are replaced; how much is drawn for each."""


def altered(
    sequences: Sequence[Ids], copies: int, *, vocabulary: Sequence[int], special: Collection[int], seed: int
) -> tuple[Ids, ...]:
    """Copies of sequences, each different from all others and from the sequences.

    Parameters
    ----------
    copies
        How many of each sequence; where a copy turns out as another it is left out.
    vocabulary
        Ids that may stand in place of others.
    special
        Ids that stay where they are.
    """
    draw = random.Random(f"alter {seed}")  # noqa: S311 - no secret
    found: dict[tuple[int, ...], Ids] = {}
    for _ in range(copies):
        for ids in sequences:
            copy = _replaced(_cut(ids, special, draw), vocabulary, special, draw)
            found[copy["input_ids"]] = copy
    for ids in sequences:
        found.pop(ids["input_ids"], None)
    return tuple(found.values())


def _cut(ids: Ids, special: Collection[int], draw: random.Random) -> Ids:
    """A stretch between the special tokens around a text, or all where there are some within it."""
    row = ids["input_ids"]
    places = [place for place, token in enumerate(row) if token not in special]
    whole = len(places) <= _SHORTEST or places[-1] - places[0] >= len(places)
    if whole or draw.random() >= _CUT:
        return ids
    length = draw.randint(max(2, len(places) // _SHORTEST), len(places))
    start = places[0] + draw.randint(0, len(places) - length)
    kept = [*range(places[0]), *range(start, start + length), *range(places[-1] + 1, len(row))]
    return {name: tuple(values[place] for place in kept) for name, values in ids.items()}


def _replaced(ids: Ids, vocabulary: Sequence[int], special: Collection[int], draw: random.Random) -> Ids:
    share = _MOST * draw.random()
    row = tuple(
        draw.choice(vocabulary) if token not in special and draw.random() < share else token
        for token in ids["input_ids"]
    )
    return {**ids, "input_ids": row}
