"""Chooses the next token: temperature, then top-k, then top-p (nucleus sampling, Holtzman et al. 2020), then a draw.

The draw has a generator of its own, so that neither torch's global one is touched nor another thread's draw disturbs
it. Knows nothing of models.
"""

from __future__ import annotations

import torch

from hub.runtime.protocols import Sampling

__all__ = ["Chooser"]


class Chooser:
    """Turns the scores of a step into token ids.

    Parameters
    ----------
    suppress
        Ids that are never chosen.
    """

    def __init__(self, sampling: Sampling, suppress: tuple[int, ...], device: torch.device) -> None:
        self._sampling = sampling
        self._suppress = torch.tensor(suppress, dtype=torch.long, device=device) if suppress else None
        self._generator = torch.Generator(device=device)
        if sampling.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(sampling.seed)

    def choose(self, scores: torch.Tensor) -> torch.Tensor:
        """Ids (batch,) by scores, float32 (batch, vocabulary)."""
        if self._suppress is not None:
            scores = scores.index_fill(-1, self._suppress, -torch.inf)
        if self._sampling.temperature == 0:
            return scores.argmax(dim=-1)
        scores = (scores - scores.amax(dim=-1, keepdim=True)) / self._sampling.temperature
        if 0 < self._sampling.top_k < scores.shape[-1]:
            least = scores.topk(self._sampling.top_k, dim=-1).values[:, -1:]
            scores = scores.masked_fill(scores < least, -torch.inf)
        chances = scores.softmax(dim=-1)
        if self._sampling.top_p < 1:
            chances = _nucleus(chances, self._sampling.top_p)
        return torch.multinomial(chances, 1, generator=self._generator).squeeze(-1)


def _nucleus(chances: torch.Tensor, top_p: float) -> torch.Tensor:
    """The most likely tokens that together reach `top_p`, at least one; the others at 0."""
    ordered, places = chances.sort(dim=-1, descending=True)
    ordered = ordered.masked_fill(ordered.cumsum(dim=-1) - ordered >= top_p, 0)
    return torch.zeros_like(chances).scatter_(-1, places, ordered)
