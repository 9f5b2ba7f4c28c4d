"""Makes one vector of many: pooling over tokens, and scaling to unit length.

Follows Reimers and Gurevych, Sentence-BERT (https://arxiv.org/abs/1908.10084). Knows nothing of tokens' meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["normalized", "pool"]


def pool(hidden: Array, mask: Array, names: Sequence[str]) -> Array:
    """Pool hidden states over the tokens of each row.

    Parameters
    ----------
    hidden
        (n, tokens, dim).
    mask
        (n, tokens), 1 where a token is real.
    names
        Which poolings; the results of several are joined.

    Returns
    -------
    float32 (n, dim * len(names))
    """
    hidden = hidden.astype(np.float32, copy=False)
    vectors = [_POOLINGS[name](hidden, mask) for name in names]
    return vectors[0] if len(vectors) == 1 else np.concatenate(vectors, axis=1)


def normalized(vectors: Array) -> Array:
    """Rows scaled to Euclidean length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Array = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32, copy=False)
    return scaled


def _sum(hidden: Array, weights: Array) -> Array:
    total: Array = np.matmul(weights[:, None, :].astype(np.float32), hidden)[:, 0]
    return total


def _count(weights: Array) -> Array:
    count: Array = np.maximum(weights.sum(axis=1, keepdims=True, dtype=np.float32), 1e-9)
    return count


def _mean(hidden: Array, mask: Array) -> Array:
    return _sum(hidden, mask) / _count(mask)


def _mean_sqrt(hidden: Array, mask: Array) -> Array:
    root: Array = np.sqrt(_count(mask))
    return _sum(hidden, mask) / root


def _weighted_mean(hidden: Array, mask: Array) -> Array:
    weights = mask * np.arange(1, mask.shape[1] + 1)
    return _sum(hidden, weights) / _count(weights)


def _max(hidden: Array, mask: Array) -> Array:
    highest: Array = np.where(mask[:, :, None] > 0, hidden, np.float32(-1e9)).max(axis=1)
    return highest


def _first(hidden: Array, mask: Array) -> Array:
    return _take(hidden, mask.argmax(axis=1))


def _last(hidden: Array, mask: Array) -> Array:
    return _take(hidden, mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1))


def _take(hidden: Array, positions: Array) -> Array:
    rows: Array = hidden[np.arange(len(hidden)), positions]
    return rows


_POOLINGS: dict[str, Callable[[Array, Array], Array]] = {
    "cls": _first,
    "max": _max,
    "mean": _mean,
    "mean_sqrt_len_tokens": _mean_sqrt,
    "weightedmean": _weighted_mean,
    "lasttoken": _last,
}
