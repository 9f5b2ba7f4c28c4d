"""How far a student's answers are from its teacher's.

- logits: divergence between softened distributions, times the temperature squared: Hinton, Vinyals & Dean 2015,
  "Distilling the Knowledge in a Neural Network" (arXiv:1503.02531). Where there is one number a text, its squared
  error: Ba & Caruana 2014 (arXiv:1312.6184).
- hidden: squared error of the hidden state of each real token: Romero et al. 2015, "FitNets" (arXiv:1412.6550); Jiao et
  al. 2020, "TinyBERT" (arXiv:1909.10351).
- cosine: 1 - cosine between hidden states of each real token: Sanh et al. 2019, "DistilBERT" (arXiv:1910.01108).
- labels: cross-entropy of the token that follows in the text.

Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor

from hub_distill.kinds import Kind
from hub_distill.settings import Alphas
from hub_distill.signals import Signals

__all__ = ["Comparison", "divergence", "mean_variance"]

_ROWS = 1024  # of logits at once: vocabularies are large


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The weighted losses of a run.

    Parameters
    ----------
    scales
        Of each compared layer: the mean square by which the teacher's states vary, so that 1 is what a student loses
        that says the same of every token.
    """

    alphas: Alphas
    temperature: float
    scales: tuple[float, ...]

    def sums(
        self, student: Signals, teacher: Signals, follows: tuple[Tensor, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Sum of each loss that has a weight, over rows: to be divided by how many rows there are.

        Parameters
        ----------
        follows
            Which tokens are followed by another, and by which; for the labels.
        """
        found: dict[str, Tensor] = {}
        if self.alphas.logits and student.logits is not None and teacher.logits is not None:
            found["logits"] = divergence(student.logits, teacher.logits, self.temperature)
        if self.alphas.labels and student.logits is not None and follows is not None:
            found["labels"] = F.cross_entropy(student.logits[follows[0]], follows[1], reduction="sum")
        pairs = list(zip(student.hidden, teacher.hidden, self.scales, strict=True))
        if self.alphas.hidden:
            errors = [(ours - theirs).square().mean(dim=1).sum() / scale for ours, theirs, scale in pairs]
            found["hidden"] = torch.stack(errors).mean()
        if self.alphas.cosine:
            angles = [(1 - F.cosine_similarity(ours, theirs)).sum() for ours, theirs, _ in pairs]
            found["cosine"] = torch.stack(angles).mean()
        return found

    def rows(self, name: str, lengths: Sequence[int], kind: Kind) -> int:
        """Over how many rows a loss is a mean, in sequences of these lengths."""
        if name == "logits" and kind.logits == "text":
            return len(lengths)
        return sum(lengths) - (len(lengths) if name == "labels" else 0)

    def total(self, means: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum."""
        weights = {name: getattr(self.alphas, name) for name in means}
        return torch.stack([weights[name] * value for name, value in means.items()]).sum()


def divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Kullback-Leibler divergence of softened distributions times temperature squared, summed over rows.

    Parameters
    ----------
    student, teacher
        Logits, float32 (rows, classes). With one class, half the squared difference: there is no distribution.
    """
    if student.shape[-1] == 1:
        return (student - teacher).square().sum() / 2
    found: Tensor = _Divergence.apply(student, teacher, temperature)  # type: ignore[no-untyped-call]
    return found


class _Divergence(torch.autograd.Function):
    """Takes rows a few at a time and keeps the gradient alone: logits of a vocabulary are the largest tensors here."""

    @staticmethod
    def forward(ctx: Any, student: Tensor, teacher: Tensor, temperature: float) -> Tensor:  # Any: torch's own context
        total = student.new_zeros(())
        gradient = torch.empty_like(student)
        for start in range(0, len(student), _ROWS):
            rows = slice(start, start + _ROWS)
            ours = (student[rows] / temperature).log_softmax(dim=-1)
            theirs = (teacher[rows] / temperature).log_softmax(dim=-1)
            probabilities = theirs.exp()
            total += (probabilities * (theirs - ours)).sum()
            gradient[rows] = (ours.exp() - probabilities) * temperature
        ctx.save_for_backward(gradient)
        return total * temperature**2

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * outer[0], None, None


def mean_variance(batches: Sequence[Tensor]) -> float:
    """Mean over dimensions of the variance of states, float32 (tokens, width) each."""
    exact = [each.cpu().double() for each in batches]
    count = sum(map(len, exact))
    mean = torch.stack([each.sum(dim=0) for each in exact]).sum(dim=0) / count
    return float(torch.stack([(each - mean).square().mean(dim=1).sum() for each in exact]).sum() / count)
