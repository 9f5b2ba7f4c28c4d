"""Fidelity of detectors of speech: how much of the time is told otherwise. Knows answers alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.runtime.protocols import Fidelity

__all__ = ["Spans"]


class Spans(Fidelity):
    """Seconds of speech that both tell, and that only one of the two does."""

    def __init__(self) -> None:
        self._both = self._before = self._after = 0.0

    def add(self, before: Any, after: Any, label: str | None = None) -> None:  # Any: answers of the task
        """Take the segments of both for one sound; segments of one answer do not overlap."""
        spans = [[(float(each["start"]), float(each["end"])) for each in answer] for answer in (before, after)]
        self._before += sum(end - start for start, end in spans[0])
        self._after += sum(end - start for start, end in spans[1])
        self._both += sum(
            max(0.0, min(end, other_end) - max(start, other_start))
            for start, end in spans[0]
            for other_start, other_end in spans[1]
        )

    def figures(self) -> Mapping[str, float]:
        """`intersection_over_union` of the speech, and precision and recall of the changed model against its origin."""
        union = self._before + self._after - self._both
        return {
            "intersection_over_union": self._both / union if union else 1.0,
            "precision": self._both / self._after if self._after else 1.0,
            "recall": self._both / self._before if self._before else 1.0,
        }

    def loss(self) -> float:
        """1 - intersection over union."""
        return 1 - self.figures()["intersection_over_union"]
