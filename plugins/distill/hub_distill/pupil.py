"""The student while it learns: which of its weights do, and how its hidden states are brought to the teacher's width.

A student that is narrower than its teacher is compared through a linear map for each compared layer, learnt with it and
thrown away afterwards: Romero et al. 2015, "FitNets" (arXiv:1412.6550). Dropout stays off: the teacher's answer to a
sequence is one, and a short run has no time to average noise. Knows nothing of losses.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from hub.errors import UsageError
from hub_distill.kinds import Kind
from hub_distill.signals import Batch, Signals, read_signals

__all__ = ["Pupil", "refuse_unlike"]


class Pupil(nn.Module):
    """A student.

    Parameters
    ----------
    layers
        Whose hidden states are compared, counted from 1; `last` is the number of the last one.
    width
        Of the teacher's hidden states, where they are compared.
    frozen
        Whether the token embeddings stay as they are.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        kind: Kind,
        layers: Sequence[int],
        last: int,
        *,
        width: int,
        frozen: bool,
        seed: int,
    ) -> None:
        super().__init__()
        self.model = model
        self.kind = kind
        self.layers = tuple(layers)
        self.last = last
        own = hidden_width(model)
        model.requires_grad_(True)
        if frozen:
            token_embeddings(model).requires_grad_(False)
        self.maps = nn.ModuleList(nn.Linear(own, width, bias=False) for _ in layers if own != width)
        draw = torch.Generator().manual_seed(seed)
        for each in self.maps:
            nn.init.normal_(each.weight, std=own**-0.5, generator=draw)  # type: ignore[arg-type]

    def forward(self, batch: Batch) -> Signals:
        """What the student says of a batch, at the teacher's width."""
        signals = read_signals(self.model, batch, self.kind, self.layers, self.last)
        if not self.maps:
            return signals
        hidden = tuple(bring(state).float() for bring, state in zip(self.maps, signals.hidden, strict=True))
        return Signals(hidden, signals.logits)

    def learnt(self) -> dict[str, Tensor]:
        """Weights that change, by name."""
        return {name: value for name, value in self.named_parameters() if value.requires_grad}

    def copied(self) -> dict[str, Tensor]:
        """A copy of the weights that change, in the machine's memory."""
        return {name: value.detach().cpu().clone() for name, value in self.learnt().items()}

    def take(self, weights: dict[str, Tensor]) -> None:
        """Set the weights that change."""
        with torch.no_grad():
            for name, value in self.learnt().items():
                value.copy_(weights[name])


def token_embeddings(model: PreTrainedModel) -> nn.Parameter:
    """One row for each token, (tokens, width)."""
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, nn.Parameter)
    return weight


def hidden_width(model: PreTrainedModel) -> int:
    """Numbers in a hidden state."""
    return int(model.config.get_text_config().hidden_size)


def refuse_unlike(student: PreTrainedModel, teacher: PreTrainedModel, kind: Kind) -> bool:
    """Refuse a pair that cannot be compared; tell whether they share their token embeddings.

    Raises
    ------
    UsageError
        They read or say different things, or are one and the same.
    """
    ours, theirs = token_embeddings(student), token_embeddings(teacher)
    if len(ours) != len(theirs):
        raise UsageError(
            f"the student knows {len(ours)} tokens and the teacher {len(theirs)}: they do not read the same text",
            hint="Take two models with the same tokenizer.",
        )
    if kind.logits == "text" or (kind.logits and not kind.generates and not kind.masks):
        labels = (student.config.num_labels, teacher.config.num_labels)
        if labels[0] != labels[1]:
            raise UsageError(f"the student has {labels[0]} labels and the teacher {labels[1]}")
    shared = ours.shape == theirs.shape and torch.equal(ours, theirs)
    if shared and _equal(student.state_dict(), teacher.state_dict()):
        raise UsageError(
            "the student is its own teacher, so that there is nothing to learn",
            hint="Make it smaller first: distill:keep_layers=N, distill:keep_ffn=0.5 or prune:… | distill",
        )
    return shared


def _equal(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return ours.keys() == theirs.keys() and all(
        value.shape == theirs[name].shape and torch.equal(value, theirs[name]) for name, value in ours.items()
    )
