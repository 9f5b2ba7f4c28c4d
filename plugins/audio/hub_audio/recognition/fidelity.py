"""Fidelity of recognisers: how many words a changed model writes otherwise than its origin. Knows answers alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.runtime.protocols import Fidelity
from hub_audio.recognition.words import distance, plain_words

__all__ = ["Words"]


class Words(Fidelity):
    """Word error rates: of the changed model against its origin, and of both against what was said, where known."""

    def __init__(self) -> None:
        self._errors: dict[str, int] = {}
        self._words: dict[str, int] = {}

    def add(self, before: Any, after: Any, label: str | None = None) -> None:  # Any: answers of the task
        """Take the answers of both to one sound."""
        origin, changed = plain_words(before["text"]), plain_words(after["text"])
        if label is not None:
            self._count("word_error_rate", plain_words(label), changed)
            self._count("word_error_rate_before", plain_words(label), origin)
        self._count("word_difference", origin, changed)

    def figures(self) -> Mapping[str, float]:
        """Errors for each word of what they are counted against."""
        return {name: errors / max(1, self._words[name]) for name, errors in self._errors.items()}

    def loss(self) -> float:
        """Words that the changed model writes otherwise, for each of its origin."""
        return self.figures().get("word_difference", 0.0)

    def _count(self, name: str, wanted: list[str], given: list[str]) -> None:
        self._errors[name] = self._errors.get(name, 0) + distance(wanted, given)
        self._words[name] = self._words.get(name, 0) + len(wanted)
