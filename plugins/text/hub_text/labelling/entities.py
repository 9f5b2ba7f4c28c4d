"""Labels of tokens joined to labels of words and of groups of words.

The strategies of transformers' `token-classification` pipeline, and its results. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hub.types import JSON

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Piece", "by_group", "by_token", "joined_words"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A token or a word.

    Parameters
    ----------
    word
        As the vocabulary spells it; a joined word as text.
    scores
        (labels,), of all labels.
    start, end
        Its place in the text, in characters.
    index
        Its place among the tokens.
    inside
        Whether it goes on with the word of the piece before.
    """

    word: str
    scores: Array
    start: int
    end: int
    index: int
    inside: bool

    @property
    def label(self) -> int:
        """Number of the best label."""
        return int(self.scores.argmax())

    @property
    def score(self) -> float:
        """Score of the best label."""
        return float(self.scores.max())


def by_token(pieces: Sequence[Piece], name: Callable[[int], str], ignored: Sequence[str]) -> list[dict[str, JSON]]:
    """Each token for itself: `entity`, `score`, `index`, `word`, `start`, `end`."""
    return [
        {
            "entity": name(piece.label),
            "score": piece.score,
            "index": piece.index,
            "word": piece.word,
            "start": piece.start,
            "end": piece.end,
        }
        for piece in pieces
        if name(piece.label) not in ignored
    ]


def joined_words(pieces: Sequence[Piece], strategy: str, join: Callable[[Sequence[str]], str]) -> list[Piece]:
    """Words of tokens, whose scores are those of the first, of the surest, or the average."""
    words: list[list[Piece]] = []
    for piece in pieces:
        if piece.inside and words:
            words[-1].append(piece)
        else:
            words.append([piece])
    return [_word(word, strategy, join) for word in words]


def by_group(
    pieces: Sequence[Piece], name: Callable[[int], str], join: Callable[[Sequence[str]], str], ignored: Sequence[str]
) -> list[dict[str, JSON]]:
    """Neighbours of one label together: `entity_group`, `score`, `word`, `start`, `end`.

    Labels in the style of CoNLL may begin with `B-`, which begins a group, or with `I-`, which goes on with one.
    """
    groups: list[list[Piece]] = []
    for piece in pieces:
        begins, tag = _tag(name(piece.label))
        if groups and not begins and tag == _tag(name(groups[-1][-1].label))[1]:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    rows = [_group(group, name, join) for group in groups]
    return [row for row in rows if row["entity_group"] not in ignored]


def _word(pieces: Sequence[Piece], strategy: str, join: Callable[[Sequence[str]], str]) -> Piece:
    if strategy == "first":
        scores = pieces[0].scores
    elif strategy == "max":
        scores = max(pieces, key=lambda piece: piece.score).scores
    else:
        scores = np.mean([piece.scores for piece in pieces], axis=0)
    word = join([piece.word for piece in pieces])
    return replace(pieces[0], word=word, scores=scores, end=pieces[-1].end)


def _group(
    pieces: Sequence[Piece], name: Callable[[int], str], join: Callable[[Sequence[str]], str]
) -> dict[str, JSON]:
    return {
        "entity_group": name(pieces[0].label).split("-", 1)[-1],
        "score": float(np.mean([piece.score for piece in pieces])),
        "word": join([piece.word for piece in pieces]),
        "start": pieces[0].start,
        "end": pieces[-1].end,
    }


def _tag(label: str) -> tuple[bool, str]:
    """Whether a label begins a group, and which one; a label without a prefix goes on."""
    if label.startswith(("B-", "I-")):
        return label[0] == "B", label[2:]
    return False, label
