"""Fidelity of reading: how many characters come out otherwise. Knows nothing of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.errors import InputError
from hub.runtime.protocols import Fidelity

__all__ = ["TextError", "distance"]


class TextError(Fidelity):
    """Character error rate: edits that turn one text into the other, over the characters of the first.

    Edits are those of Levenshtein (1966). Figures: `character_difference` of the changed model's text against its
    origin's, `exact` (share of inputs that read the same), `characters`; and before them, where the data says the right
    text, `character_error_rate` and `character_error_rate_before` against it. The loss is `character_difference`.
    """

    def __init__(self) -> None:
        self._edits = self._characters = self._exact = self._count = 0
        self._right = [0, 0, 0]
        self._labelled = 0

    def add(self, before: Any, after: Any, label: str | None = None) -> None:  # Any: as the task answers
        """Take both answers to one picture, and the right text where it is known."""
        first, second = _text(before), _text(after)
        self._count += 1
        self._exact += first == second
        self._edits += distance(first, second)
        self._characters += len(first)
        if label is not None:
            self._labelled += 1
            self._right[0] += distance(label, first)
            self._right[1] += distance(label, second)
            self._right[2] += len(label)

    def figures(self) -> Mapping[str, float]:
        """Every figure by its standard name."""
        if not self._count:
            raise InputError("there is nothing to compare: no answers")
        found: dict[str, float] = {}
        if self._labelled == self._count:
            found["character_error_rate"] = self._right[1] / max(1, self._right[2])
            found["character_error_rate_before"] = self._right[0] / max(1, self._right[2])
        return found | {
            "character_difference": self._edits / max(1, self._characters),
            "exact": self._exact / self._count,
            "characters": float(self._characters),
        }

    def loss(self) -> float:
        """Share of characters that are read otherwise."""
        return self.figures()["character_difference"]


def distance(one: str, other: str) -> int:
    """Fewest insertions, deletions and replacements that turn one text into the other."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, start=1):
        corner, row[0] = row[0], number
        for place, wanted in enumerate(other, start=1):
            corner, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, corner + (letter != wanted))
    return row[-1]


def _text(answer: object) -> str:
    return str(answer.get("generated_text", "")) if isinstance(answer, Mapping) else str(answer)
