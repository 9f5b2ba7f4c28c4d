"""Fidelity of embeddings. Knows nothing of who made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.errors import InferenceError, InputError
from hub.runtime.fidelity.ranks import spearman
from hub.runtime.protocols import Fidelity

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Vectors"]


class Vectors(Fidelity):
    """Cosine of each vector to that of the origin, and whether the vectors still rank each other alike.

    Figures: `cosine` (mean), `cosine_p5` (5th percentile), `cosine_min`, and from three vectors on `spearman`: rank
    correlation (Spearman, 1904) of the similarities of all pairs, before and after. Where the number of dimensions
    differs there is no cosine, and `spearman` alone is told. The loss is 1 - `cosine`, or 1 - `spearman` without it.
    """

    def __init__(self) -> None:
        self._before: list[Array] = []
        self._after: list[Array] = []

    def add(self, before: Any, after: Any, label: str | None = None) -> None:  # Any: float (dim,)
        """Take the vectors of one input.

        Raises
        ------
        InputError
            One of them is no vector.
        InferenceError
            One of them holds NaN or infinity.
        """
        pair = [np.asarray(vector, dtype=np.float64) for vector in (before, after)]
        if any(vector.ndim != 1 or not vector.size for vector in pair):
            raise InputError(f"vectors are compared, and not arrays of shape {pair[0].shape} and {pair[1].shape}")
        for vector, whose in zip(pair, ("origin", "changed model"), strict=True):
            if not np.isfinite(vector).all():
                raise InferenceError(f"the {whose} gave a vector that is not finite for input {len(self._before)}")
        self._before.append(pair[0])
        self._after.append(pair[1])

    def figures(self) -> Mapping[str, float]:
        """Every figure by its standard name."""
        left, right = _units(self._before), _units(self._after)
        found: dict[str, float] = {}
        if left.shape == right.shape:
            cosines = np.sum(left * right, axis=1)
            found = {
                "cosine": float(np.mean(cosines)),
                "cosine_p5": float(np.percentile(cosines, 5)),
                "cosine_min": float(np.min(cosines)),
            }
        if len(left) > 2:
            pairs = np.triu_indices(len(left), k=1)
            found["spearman"] = spearman((left @ left.T)[pairs], (right @ right.T)[pairs])
        return found

    def loss(self) -> float:
        """1 - the mean cosine; never below 0."""
        found = self.figures()
        return max(0.0, 1.0 - found.get("cosine", found.get("spearman", 0.0)))


def _units(vectors: list[Array]) -> Array:
    """Rows of length 1, float64 (n, dim); a row of zeros stays."""
    rows = np.stack(vectors)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1.0, lengths))
