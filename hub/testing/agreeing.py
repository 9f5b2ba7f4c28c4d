"""How far answers are from those of a reference. Knows nothing of who gave them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["difference"]


def difference(expected: Any, found: Any) -> float:  # Any: arrays, or answers of a task
    """Largest difference of any number, relative to the largest value of its array; infinite where all else differs.

    Parameters
    ----------
    expected, found
        Numbers, arrays, texts, and lists and mappings of them, of the same form. A list of vectors is as good as an
        array with a row for each.
    """
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        if set(expected) != set(found):
            return float("inf")
        return max((difference(expected[name], found[name]) for name in expected), default=0.0)
    if isinstance(expected, str) or expected is None:
        return 0.0 if expected == found else float("inf")
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple | np.ndarray):
        if len(expected) != len(found):
            return float("inf")
        return max((difference(one, other) for one, other in zip(expected, found, strict=True)), default=0.0)
    left, right = np.asarray(expected), np.asarray(found)
    if left.shape != right.shape or left.dtype.kind not in "fiub" or right.dtype.kind not in "fiub":
        return float("inf")
    if not left.size:
        return 0.0
    scale = float(np.max(np.abs(left.astype(np.float64)))) or 1.0
    gap = float(np.max(np.abs(left.astype(np.float64) - right.astype(np.float64)))) / scale
    return gap if np.isfinite(gap) else float("inf")
