"""Rank correlation. Knows nothing of what is ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["ranks", "spearman"]


def spearman(left: Array, right: Array) -> float:
    """Spearman's rank correlation of two series (n,); equal values share their mean rank.

    1 where both are constant, since neither ranks anything; 0 where one is.
    """
    first, second = ranks(left), ranks(right)
    first, second = first - first.mean(), second - second.mean()
    spread = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    if spread == 0:
        return 1.0 if not first.any() and not second.any() else 0.0
    return float(np.sum(first * second)) / spread


def ranks(values: Array) -> Array:
    """Ranks from 1, float64 (n,); equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])
