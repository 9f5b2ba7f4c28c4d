"""Judges candidates in the order of preference until one is usable, and says why each other one lost.

Knows nothing of variants or recipes: only of candidates and their ranks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.runtime.planning.candidates import Candidate, Lost, Rejected
from hub.runtime.planning.judge import Judge, Usable
from hub.runtime.planning.ranking import Rank, rank, why_lower
from hub.runtime.planning.refusal import lost_to_memory

__all__ = ["Choice"]


class Choice:
    """Looks at candidates in the order of preference until one is usable, or at all of them."""

    def __init__(self, judge: Judge, preferred: str | None, thorough: bool) -> None:
        self._judge = judge
        self._preferred = preferred
        self._thorough = thorough
        self.best: Usable | None = None
        self.usable: list[tuple[Rank, Usable]] = []
        self.unasked: list[Candidate] = []
        self.lost: list[Lost] = []

    @property
    def big(self) -> list[Usable]:
        """Ways that do not fit, in order of preference, where no lossless one does."""
        return [usable for _, usable in self.usable if not usable.fits]

    @property
    def fitting_but_lossy(self) -> list[Usable]:
        """Ways that fit and were not taken."""
        return [usable for _, usable in self.usable if usable.fits]

    def look(self, candidates: Sequence[Candidate]) -> None:
        """Judge the candidates, and set `best`."""
        groups: dict[tuple[bool, bool, int, int], list[Candidate]] = {}
        for candidate in candidates:
            start, conversions = candidate.start, candidate.route.conversions
            key = (start.unasked, candidate.unsafe, conversions, start.place)
            groups.setdefault(key, []).append(candidate)
        for key in sorted(groups):
            if self.best is not None and not self._thorough:
                self.unasked += groups[key]
                continue
            for candidate in groups[key]:
                self._judge_one(candidate)
            self.usable.sort(key=lambda pair: pair[0])
            self.best = self._choose()

    def rejected(self) -> Iterator[Rejected]:
        """Every judged or skipped way but the best, those that were usable first."""
        assert self.best is not None
        chosen = rank(self.best.candidate, self.best.device, self._preferred)
        for place, usable in self.usable:
            if usable is self.best:
                continue
            if usable.fits:
                reason = why_lower(place, chosen, self.best.candidate, self.best.device)
                yield usable.candidate.lost("rank", reason, device=usable.device).rejected
            else:
                yield lost_to_memory(usable).rejected
        for candidate in self.unasked:
            place = rank(candidate, "", self._preferred)
            yield candidate.lost("rank", why_lower(place, chosen, self.best.candidate, self.best.device)).rejected
        for each in self.lost:
            yield each.rejected

    def _judge_one(self, candidate: Candidate) -> None:
        for result in self._judge.judge(candidate):
            if isinstance(result, Lost):
                self.lost.append(result)
            else:
                place = rank(candidate, result.device, self._preferred)
                self.usable.append((place, result))

    def _choose(self) -> Usable | None:
        """First way that fits; a lossy one that nobody asked for only where no lossless one is usable at all."""
        asked = [usable for _, usable in self.usable if not usable.candidate.start.unasked]
        return next((usable for usable in asked or [usable for _, usable in self.usable] if usable.fits), None)
