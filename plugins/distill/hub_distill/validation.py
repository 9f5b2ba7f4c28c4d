"""How far the student is from its teacher on sequences that it does not learn from.

Knows nothing of steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from hub_distill.fleet import Fleet
from hub_distill.hardware import autocast, explaining_memory
from hub_distill.lessons import Lessons, Teacher
from hub_distill.losses import Comparison, mean_variance
from hub_distill.order import by_length
from hub_distill.pupil import Pupil
from hub_distill.signals import Collator

__all__ = ["Validation", "teacher_scales"]

_ENOUGH = 4096  # tokens from which it is told how much states vary
_OFTEN = 10


class Validation:
    """The same losses as those of the steps, as means over all validation sequences."""

    def __init__(
        self,
        teacher: Teacher,
        sequences: Sequence[Mapping[str, tuple[int, ...]]],
        collate: Collator,
        comparison: Comparison,
        fleet: Fleet,
        size: int,
    ) -> None:
        self._sequences, self._collate, self._comparison, self._fleet = sequences, collate, comparison, fleet
        self._precision = teacher.precision
        self._kind = teacher.kind
        self._batches = by_length([len(each["input_ids"]) for each in sequences], size)
        self._lessons = Lessons(teacher, sequences, collate, size=size, draws=_OFTEN * len(sequences))

    def measure(self, pupil: Pupil) -> dict[str, float]:
        """`validation`, the weighted loss, and `validation_…` for each of its parts."""
        device = self._fleet.device
        sums: dict[str, float] = dict.fromkeys(self._names(), 0.0)
        for number, places in enumerate(self._batches):
            mine = places[self._fleet.rank :: self._fleet.world]
            if not mine:
                continue
            batch = self._collate([self._sequences[place] for place in mine], f"validation {number}")
            answer = self._lessons.of(mine, batch)
            doing = f"a validation of {len(mine)} sequences"
            with torch.no_grad(), explaining_memory(doing, device):
                with autocast(device, self._precision):
                    ours = pupil(batch)
                follows = batch.next_tokens() if self._comparison.alphas.labels else None
                for name, value in self._comparison.sums(ours, answer, follows).items():
                    sums[name] += float(value)
        lengths = [len(each["input_ids"]) for each in self._sequences]
        totals = self._fleet.total(torch.tensor(list(sums.values()), device=device, dtype=torch.float32))
        means = {
            name: total / self._comparison.rows(name, lengths, self._kind)
            for name, total in zip(sums, totals, strict=True)
        }
        whole = self._comparison.total(means)
        return {"validation": float(whole), **{f"validation_{name}": float(value) for name, value in means.items()}}

    def _names(self) -> list[str]:
        alphas = self._comparison.alphas
        return [name for name in ("logits", "labels", "hidden", "cosine") if getattr(alphas, name)]


def teacher_scales(
    teacher: Teacher, sequences: Sequence[Mapping[str, tuple[int, ...]]], collate: Collator, size: int
) -> tuple[float, ...]:
    """How much the teacher's states vary, for each compared layer, over the first thousands of tokens."""
    if not teacher.layers:
        return ()
    found: list[list[torch.Tensor]] = [[] for _ in teacher.layers]
    tokens = 0
    for start in range(0, len(sequences), size):
        if tokens >= _ENOUGH:
            break
        batch = collate(sequences[start : start + size], "scales")
        for layer, states in zip(found, teacher.answer(batch).hidden, strict=True):
            layer.append(states)
        tokens += sum(batch.lengths)
    return tuple(mean_variance(layer) or 1.0 for layer in found)
