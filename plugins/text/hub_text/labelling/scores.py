"""Logits to scores, and numbers to the names of labels. Knows nothing of texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hub.types import JSON
from hub_text.files import read_object

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["FUNCTIONS", "Labels", "best", "read_labels", "sigmoid", "softmax"]


def softmax(logits: Array) -> Array:
    """Scores over the last axis that add up to 1."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Array = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def sigmoid(logits: Array) -> Array:
    """Scores between 0 and 1, each for itself."""
    falling = np.exp(-np.abs(logits))  # never overflows
    scores: Array = np.where(logits >= 0, 1 / (1 + falling), falling / (1 + falling)).astype(logits.dtype)
    return scores


FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "softmax": softmax,
    "sigmoid": sigmoid,
    "none": lambda logits: logits,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """Names of the numbers that a model gives, as its `config.json` has them in `id2label`.

    Parameters
    ----------
    problem
        `problem_type`: `single_label_classification`, `multi_label_classification`, `regression` or empty.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    problem: str = ""

    def name(self, number: int) -> str:
        """Name of a label; `LABEL_n` where no file names it."""
        return self.names.get(number, f"LABEL_{number}")

    def number(self, prefix: str) -> int | None:
        """The first label that begins so, in any case."""
        return next((number for number, name in self.names.items() if name.lower().startswith(prefix)), None)

    def function(self, count: int) -> str:
        """How the scores of so many labels are meant: each for itself, all together, or as they are.

        The rule of transformers' `text-classification` pipeline.
        """
        if self.problem == "regression":
            return "none"
        return "sigmoid" if self.problem == "multi_label_classification" or count == 1 else "softmax"


def read_labels(folder: Path) -> Labels:
    """Read `config.json` in the folder of a model.

    Raises
    ------
    InferenceError
        It is broken.
    """
    config = read_object(folder / "config.json")
    problem = config.get("problem_type")
    return Labels(names=_names(config.get("id2label")), problem=problem if isinstance(problem, str) else "")


def _names(value: JSON) -> dict[int, str]:
    if not isinstance(value, dict):
        return {}
    return {int(number): str(name) for number, name in value.items() if number.isdecimal()}


def best(scores: Sequence[float], count: int) -> list[int]:
    """Places of the highest scores, highest first; all of them where `count` is 0. Equals stay in order."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    return order[:count] if count else order
