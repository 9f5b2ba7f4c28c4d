"""Fidelity of classifiers: which label is taken. Knows nothing of what is labelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hub.errors import InputError
from hub.runtime.protocols import Fidelity

__all__ = ["Labels", "f1"]


class Labels(Fidelity):
    """Whether the same labels are taken, and how much their scores moved.

    An answer is a list of `{"label", "score"}`, the best first, as text and image classification give it, or one such
    object, or one label. Of spans (`entity_group` or `entity`, with `start` and `end`) all have to be the same.

    Figures: `agreement` (share of inputs with the same best label, or the same spans), `score_change` (mean change of
    the best label's score, where both score it); and before them, where the data says the right labels,
    `accuracy_before`, `accuracy` (of classifiers of pictures known as top-1), `f1_before` and `f1` (macro: mean of the
    labels that occur; van Rijsbergen, 1979). The loss is 1 - `agreement`.
    """

    def __init__(self) -> None:
        self._pairs: list[tuple[object, object]] = []
        self._right: list[object] = []
        self._changes: list[float] = []

    def add(self, before: Any, after: Any, label: str | None = None) -> None:  # Any: as the task answers
        """Take both answers to one input, and the right label where it is known."""
        first, second = _best(before), _best(after)
        self._pairs.append((first, second))
        if label is not None:
            self._right.append(label)
        scores = _scores(before), _scores(after)
        if first in scores[0] and first in scores[1]:
            self._changes.append(abs(scores[0][first] - scores[1][first]))

    def figures(self) -> Mapping[str, float]:
        """Every figure by its standard name."""
        if not self._pairs:
            raise InputError("there is nothing to compare: no answers")
        found: dict[str, float] = {}
        if self._right and len(self._right) == len(self._pairs):
            for name, which in (("_before", 0), ("", 1)):
                given = [pair[which] for pair in self._pairs]
                right = sum(one == other for one, other in zip(given, self._right, strict=True))
                found[f"accuracy{name}"] = right / len(given)
                found[f"f1{name}"] = f1(given, self._right)
        found["agreement"] = self._agreement()
        if self._changes:
            found["score_change"] = sum(self._changes) / len(self._changes)
        return found

    def loss(self) -> float:
        """Share of inputs that are labelled otherwise."""
        if not self._pairs:
            raise InputError("there is nothing to compare: no answers")
        return 1.0 - self._agreement()

    def _agreement(self) -> float:
        return sum(first == second for first, second in self._pairs) / len(self._pairs)


def f1(given: Sequence[object], right: Sequence[object]) -> float:
    """Macro F1: the harmonic mean of precision and recall of each label that occurs, and of those the mean."""
    hits = Counter(one for one, other in zip(given, right, strict=True) if one == other)
    found, wanted = Counter(given), Counter(right)
    labels = found.keys() | wanted.keys()
    return sum(2 * hits[label] / (found[label] + wanted[label]) for label in labels) / len(labels)


def _best(answer: object) -> object:
    """The label that an answer takes: the best of a list, or all of its spans."""
    if isinstance(answer, Mapping):
        return answer.get("label", repr(answer))
    if not isinstance(answer, list):
        return answer
    if answer and isinstance(answer[0], Mapping) and "start" in answer[0]:
        return tuple((_name(span), span["start"], span["end"]) for span in answer)
    scored = [each for each in answer if isinstance(each, Mapping) and "label" in each]
    return max(scored, key=_score)["label"] if scored else tuple(map(repr, answer))


def _name(span: Mapping[str, object]) -> object:
    return span.get("entity_group", span.get("entity"))


def _scores(answer: object) -> dict[object, float]:
    several = answer if isinstance(answer, list) else [answer]
    return {
        each["label"]: _score(each)
        for each in several
        if isinstance(each, Mapping) and "label" in each and "score" in each
    }


def _score(each: Mapping[str, Any]) -> float:  # Any: JSON
    return float(each.get("score") or 0.0)
