"""Chooses the next token of each request in a batch of transformers as it would be chosen alone.

Knows nothing of how requests get into the batch.
"""

from __future__ import annotations

from typing import Any

import torch

from hub.errors import InferenceError
from hub_torch.diagnosis import broken
from hub_torch.hush import hushed
from hub_torch.library import LogitsProcessorList
from hub_torch.sampling import Chooser

with hushed():
    from transformers.generation.continuous_batching import cb_logits_processors as theirs

__all__ = ["Choosing"]

_Processor: Any = theirs.ContinuousBatchingLogitsProcessor  # Any: not typed


class Choosing(_Processor):  # type: ignore[misc]
    """Leaves the token that was chosen as the only one, so that the greedy step of transformers takes it.

    Attributes
    ----------
    choosers
        By name of the request.
    failure
        What was raised here, which ends the batch.
    """

    supported_kwargs: dict[str, type] = {}  # noqa: RUF012 - as the base class has it
    ignored_kwargs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.choosers: dict[str, Chooser] = {}
        self.failure: InferenceError | None = None
        self._rows: list[str] = []

    def alone(self) -> Any:  # Any: not typed
        """As the one processor of a manager."""
        found: Any = theirs.ContinuousBatchingLogitsProcessorList(LogitsProcessorList([self]))
        found.tensors_required = 1
        return found

    def fill_defaults(self, int32_tensor: torch.Tensor) -> None:
        """Nothing goes through the tensor that a processor is given."""
        int32_tensor.zero_()

    def prepare_tensor_args(self, requests_with_new_token: list[Any]) -> torch.Tensor:  # Any: not typed
        """Note whose scores come next, row by row."""
        self._rows = [each.state.request_id for each in requests_with_new_token]
        return torch.zeros(len(self._rows), dtype=torch.int32)

    def __call__(self, scores: torch.Tensor, tensor_arg: torch.Tensor) -> torch.Tensor:
        """Scores, float32 (requests, vocabulary), that leave one token each."""
        if broken(scores):
            self.failure = InferenceError("the scores of a step are no numbers")
            raise self.failure
        found = torch.full_like(scores, -torch.inf)
        for row, name in enumerate(self._rows):
            own, chooser = scores[row : row + 1], self.choosers.get(name)  # who has left has none
            found[row, own.argmax() if chooser is None else chooser.choose(own)[0]] = 0.0
        return found
