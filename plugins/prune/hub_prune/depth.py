"""Which layers a model can best do without, by what their absence does to its output.

Knows nothing of what becomes of the layers that stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import cosine_similarity

from hub_prune.opened import Opened
from hub_prune.passes import Call, run_layer

__all__ = ["layers_to_keep"]

_ROWS = 4096
"""Tokens that layers are judged on: every one that is left out costs a run through all that come after it."""


def layers_to_keep(opened: Opened, calls: Sequence[Call], drop: int, tell: Callable[[str], None]) -> list[int]:
    """Layers that stay when `drop` of them go, from 0.

    One layer after the other is dropped: each time the one whose absence turns the last hidden states least, by the
    mean cosine over tokens to those of the whole model. Men et al. 2024 (ShortGPT, arXiv:2403.03853) judge each layer
    by how much it turns its own input; what is measured here is what is left of that at the end.
    """
    kept = list(range(len(opened.layers)))
    if not drop:
        return kept
    few = _few(calls)
    whole = [_finish(opened, call, kept, call.hidden) for call in few]
    for count in range(drop):
        similar = torch.zeros(len(kept))
        for call, aim in zip(few, whole, strict=True):
            hidden = call.hidden
            for number, place in enumerate(kept):
                similar[number] += _likeness(_finish(opened, call, kept[number + 1 :], hidden), aim, call.mask)
                hidden = run_layer(opened.layers[place], call, place, hidden)
        gone = kept.pop(int(similar.argmax()))
        tell(f"dropped layer {gone + 1}, {count + 1} of {drop}")
    return kept


def _few(calls: Sequence[Call]) -> list[Call]:
    """Batches from the start, the middle and the end, until there are tokens enough."""
    step, found, rows = max(1, len(calls) // 8), [], 0
    for call in calls[::step]:
        if rows >= _ROWS:
            break
        found.append(call)
        rows += int(call.mask.sum())
    return found


def _finish(opened: Opened, call: Call, places: Sequence[int], hidden: torch.Tensor) -> torch.Tensor:
    """Hidden states of tokens that are no padding, after these layers and the norm at the end."""
    for place in places:
        hidden = run_layer(opened.layers[place], call, place, hidden)
    norm = getattr(opened.base, "norm", None)
    return norm(hidden) if isinstance(norm, torch.nn.Module) else hidden


def _likeness(hidden: torch.Tensor, aim: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return cosine_similarity(hidden[mask].float(), aim[mask].float(), dim=-1).sum()
