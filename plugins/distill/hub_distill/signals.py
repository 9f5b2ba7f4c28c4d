"""What a model says of a batch, in the form in which teacher and student are compared: rows of real tokens.

Knows nothing of losses.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hub_distill.kinds import Kind

__all__ = ["Batch", "Collator", "Signals", "read_signals"]

_MASKED = 0.15
"""Share of tokens that are hidden, as in Devlin et al. 2019 (arXiv:1810.04805)."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Answers of a model.

    Parameters
    ----------
    hidden
        For each layer that is compared, float32 (tokens, width): real tokens alone, sequence after sequence.
    logits
        float32 (tokens, classes), or (sequences, classes) where a whole text is classified.
    """

    hidden: tuple[Tensor, ...]
    logits: Tensor | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequences in a rectangle: what a model is fed, (sequences, length) each, and where tokens are real."""

    feeds: Mapping[str, Tensor]
    mask: Tensor

    @property
    def lengths(self) -> list[int]:
        """Real tokens of each sequence."""
        return [int(length) for length in self.mask.sum(dim=1)]

    def next_tokens(self) -> tuple[Tensor, Tensor]:
        """Which of the real tokens are followed by one, bool (tokens,), and those that follow, (followed,)."""
        followed = torch.zeros_like(self.mask)
        followed[:, :-1] = self.mask[:, 1:]
        shifted = self.feeds["input_ids"].roll(-1, dims=1)
        return followed[self.mask], shifted[followed]


class Collator:
    """Makes batches of sequences.

    Parameters
    ----------
    hide
        Id of the token that hides others, where some are to be hidden.
    keep
        Ids that are never hidden.
    """

    def __init__(self, device: torch.device, *, pad: int, hide: int | None, keep: frozenset[int], seed: int) -> None:
        self._device = device
        self._pad = pad
        self._hide = hide
        self._keep = keep
        self._seed = seed

    def __call__(self, sequences: Sequence[Mapping[str, tuple[int, ...]]], place: str) -> Batch:
        """The batch; `place` and the seed decide which tokens are hidden."""
        width = max(len(ids["input_ids"]) for ids in sequences)
        draw = random.Random(f"hide {self._seed} {place}")  # noqa: S311 - no secret
        feeds = {}
        for name in sequences[0]:
            fill = self._pad if name == "input_ids" else 0
            rows = [list(ids[name]) for ids in sequences]
            if name == "input_ids" and self._hide is not None:
                rows = [self._hidden(row, draw) for row in rows]
            feeds[name] = torch.tensor([row + [fill] * (width - len(row)) for row in rows], device=self._device)
        lengths = torch.tensor([len(ids["input_ids"]) for ids in sequences], device=self._device)
        mask = torch.arange(width, device=self._device)[None, :] < lengths[:, None]
        return Batch({**feeds, "attention_mask": mask.long()}, mask)

    def _hidden(self, row: list[int], draw: random.Random) -> list[int]:
        assert self._hide is not None
        return [self._hide if token not in self._keep and draw.random() < _MASKED else token for token in row]


def read_signals(model: nn.Module, batch: Batch, kind: Kind, layers: Sequence[int], last: int) -> Signals:
    """Run a model on a batch.

    Parameters
    ----------
    layers
        Whose hidden states are wanted, counted from 1; `last` is the number of the last one.
    """
    between = any(layer != last for layer in layers)
    extra: dict[str, Any] = {"output_hidden_states": True} if between or (layers and kind.logits) else {}
    if kind.generates:
        extra["use_cache"] = False
    output = model(**batch.feeds, **extra)
    hidden = tuple(
        (output.last_hidden_state if layer == last and not kind.logits else output.hidden_states[layer])[
            batch.mask
        ].float()
        for layer in layers
    )
    if not kind.logits:
        return Signals(hidden, None)
    logits = output.logits[batch.mask] if kind.logits == "token" else output.logits
    return Signals(hidden, logits.float())
