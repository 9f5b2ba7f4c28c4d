"""Fidelity of language models: what they expect next, place by place. Knows nothing of who expects it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.errors import InferenceError, InputError
from hub.runtime.protocols import Fidelity, Scored

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Language"]

_ROWS = 64
"""Places that are computed at once: a row is as wide as the vocabulary."""


class Language(Fidelity):
    """Perplexity before and after, and how far the distributions of the next token are from each other.

    Figures: `perplexity_before`, `perplexity` (e to the mean negative log-likelihood of each token after the first;
    Jelinek et al., 1977), `top1_agreement` (share of places with the same likeliest token), `kl` (mean
    Kullback-Leibler divergence of the changed model from the origin, in nats; 1951), `kl_p95` (95th percentile over
    places), and `tokens`. The loss is `kl`.

    Vocabularies that were padded to different widths are compared over what both have. Tokens that one of the models
    does not tell apart count as one, which makes the divergence a little too small, and never too large.
    """

    def __init__(self) -> None:
        self._likelihood = [0.0, 0.0]
        self._agree = 0
        self._divergence: list[Array] = []
        self._inputs = 0

    def add(self, before: Any, after: Any, label: str | None = None) -> None:  # Any: Scored
        """Take what both models expect in one text.

        Raises
        ------
        InputError
            They are not scores, or not of the same tokens.
        InferenceError
            Scores hold NaN, or leave no probability to a token that is there.
        """
        if not isinstance(before, Scored) or not isinstance(after, Scored):
            raise InputError(f"scores are compared, and not {type(before).__name__} and {type(after).__name__}")
        if tuple(before.ids) != tuple(after.ids):
            raise InputError(
                f"the texts were cut into other tokens: {len(before.ids)} by the origin and {len(after.ids)} by the "
                "changed model, so that what they expect cannot be compared",
                hint="Compare models with the same tokenizer",
            )
        width = min(before.logprobs.shape[1], after.logprobs.shape[1])
        expected = np.asarray(before.ids[1:], dtype=np.int64)
        for start in range(0, len(expected), _ROWS):
            rows = slice(start, start + _ROWS)
            left, right = _wide(before.logprobs[rows], width), _wide(after.logprobs[rows], width)
            self._take(left, right, expected[rows])
            together = _untold(left, before) | _untold(right, after)
            self._divergence.append(np.maximum(_divergence(left, right, together), 0.0))
        self._inputs += 1

    def _take(self, left: Array, right: Array, expected: Array) -> None:
        if expected.max() >= left.shape[1]:
            raise InputError("a token lies outside of the vocabulary that both models have")
        places = np.arange(len(expected))
        for which, (rows, whose) in enumerate(((left, "origin"), (right, "changed model"))):
            likelihood = float(rows[places, expected].sum())
            if not math.isfinite(likelihood):
                raise InferenceError(f"the {whose} gives scores that are not finite for input {self._inputs}")
            self._likelihood[which] += likelihood
        self._agree += int(np.sum(left.argmax(axis=1) == right.argmax(axis=1)))

    def figures(self) -> Mapping[str, float]:
        """Every figure by its standard name.

        Raises
        ------
        InputError
            No text had two tokens.
        """
        divergence = self._all()
        count = len(divergence)
        return {
            "perplexity_before": math.exp(-self._likelihood[0] / count),
            "perplexity": math.exp(-self._likelihood[1] / count),
            "top1_agreement": self._agree / count,
            "kl": float(divergence.mean()),
            "kl_p95": float(np.percentile(divergence, 95)),
            "tokens": float(count),
        }

    def loss(self) -> float:
        """Mean divergence in nats."""
        return float(self._all().mean())

    def _all(self) -> Array:
        found = np.concatenate(self._divergence) if self._divergence else np.empty(0)
        if not len(found):
            raise InputError("there is nothing to compare: no text has two tokens")
        return found


def _untold(rows: Array, scored: Scored) -> Array:
    """Which tokens of a row are not told apart: those that share the least probability."""
    if scored.told is None:
        return np.zeros(rows.shape, dtype=bool)
    return np.asarray(rows == rows.min(axis=1, keepdims=True))


def _divergence(left: Array, right: Array, together: Array) -> Array:
    """Kullback-Leibler divergence of each row, (rows,); the tokens of `together` count as one."""
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = np.where(together | np.isneginf(left), 0.0, np.exp(left) * (left - right))
        before, after = (np.where(together, np.exp(rows), 0.0).sum(axis=1) for rows in (left, right))
        rest = np.where(before > 0, before * (np.log(before) - np.log(after)), 0.0)
    return np.asarray(terms.sum(axis=1) + rest)


def _wide(rows: Array, width: int) -> Array:
    """Log-probabilities over the first `width` tokens, float64, that sum to 1 again."""
    kept = rows[:, :width].astype(np.float64)
    most = kept.max(axis=1, keepdims=True)
    return np.asarray(kept - most - np.log(np.exp(kept - most).sum(axis=1, keepdims=True)))
