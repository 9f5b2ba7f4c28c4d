"""What the teacher says of training sequences: remembered where it is asked for again and fits the memory.

A teacher that is asked once for each sequence, before the first step, need not be asked in every epoch: for a student
of half its size that is two fifths of the work. Knows nothing of the student.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from hub_distill.faults import refuse_not_finite
from hub_distill.hardware import autocast, explaining_memory
from hub_distill.kinds import Kind
from hub_distill.order import by_length
from hub_distill.signals import Batch, Collator, Signals, read_signals

__all__ = ["Lessons", "Teacher"]

_ROOM = 1 << 30
"""Bytes of what may be remembered."""


class Teacher:
    """A model that answers, and does not learn."""

    def __init__(
        self,
        model: nn.Module,
        kind: Kind,
        layers: Sequence[int],
        last: int,
        device: torch.device,
        precision: torch.dtype,
    ) -> None:
        self.model = model.to(device).eval().requires_grad_(False)
        if precision != torch.float32:
            _keep_in(self.model, precision)
        self.kind = kind
        self.layers = tuple(layers)
        self.last = last
        self.device = device
        self.precision = precision

    def answer(self, batch: Batch) -> Signals:
        """What it says of a batch.

        Raises
        ------
        InferenceError
            Some of it is not finite; the layer is named.
        """
        doing = f"the teacher's answer to {len(batch.mask)} sequences"
        with torch.no_grad(), autocast(self.device, self.precision), explaining_memory(doing, self.device):
            signals = read_signals(self.model, batch, self.kind, self.layers, self.last)
            refuse_not_finite(signals, self.model, batch, "the teacher")
        return signals


def _keep_in(model: nn.Module, precision: torch.dtype) -> None:
    """Hold what products are computed with as autocast would hand it to them: it casts a teacher's at each call."""
    others = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    for module in model.modules():
        if type(module) is nn.Linear and id(module.weight) not in others:
            module.to(precision)


class Lessons:
    """The teacher's answers to training sequences.

    Parameters
    ----------
    draws
        How many sequences the run will see, repetitions counted.
    """

    def __init__(
        self,
        teacher: Teacher,
        sequences: Sequence[Mapping[str, tuple[int, ...]]],
        collate: Collator,
        *,
        size: int,
        draws: int,
    ) -> None:
        self._teacher = teacher
        self._known: list[Signals] | None = None
        if teacher.kind.masks or draws < 2 * len(sequences) or not self._fits(sequences, collate):
            return
        known: list[Signals | None] = [None] * len(sequences)
        for places in by_length([len(each["input_ids"]) for each in sequences], size):
            batch = collate([sequences[place] for place in places], "")
            for place, signals in zip(places, split(teacher.answer(batch), batch, teacher.kind), strict=True):
                known[place] = signals
        self._known = [signals for signals in known if signals is not None]

    @property
    def remembered(self) -> bool:
        """Whether the teacher was asked for everything already."""
        return self._known is not None

    def of(self, places: Sequence[int], batch: Batch) -> Signals:
        """Answers to a batch of these sequences."""
        if self._known is None:
            return self._teacher.answer(batch)
        return joined([self._known[place] for place in places], self._teacher.device)

    def _fits(self, sequences: Sequence[Mapping[str, tuple[int, ...]]], collate: Collator) -> bool:
        sample = self._teacher.answer(collate(sequences[:1], ""))
        tensors = [*sample.hidden, *([] if sample.logits is None else [sample.logits])]
        tokens = sum(len(each["input_ids"]) for each in sequences)
        per_token = sum(tensor.nbytes for tensor in tensors) / len(sequences[0]["input_ids"])
        return per_token * tokens <= _ROOM


def split(signals: Signals, batch: Batch, kind: Kind) -> list[Signals]:
    """The answer to each sequence of a batch, in the machine's memory."""
    lengths = batch.lengths
    hidden = [[part.cpu().clone() for part in torch.split(layer, lengths)] for layer in signals.hidden]
    logits: Sequence[Tensor | None] = [None] * len(lengths)
    if signals.logits is not None:
        rows = torch.split(signals.logits, lengths if kind.logits == "token" else 1)
        logits = [part.cpu().clone() for part in rows]
    return [Signals(tuple(layer[place] for layer in hidden), logits[place]) for place in range(len(lengths))]


def joined(answers: Sequence[Signals], device: torch.device) -> Signals:
    """Answers to several sequences as one."""
    hidden = tuple(
        torch.cat([each.hidden[layer] for each in answers]).to(device) for layer in range(len(answers[0].hidden))
    )
    logits = [each.logits for each in answers if each.logits is not None]
    return Signals(hidden, torch.cat(logits).to(device) if logits else None)
