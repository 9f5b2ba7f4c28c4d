"""Image classification over `run`: pictures to pixel values, logits to labels. Knows nothing of the runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.errors import InferenceError
from hub.runtime.protocols import Emit, Model, Session
from hub.types import JSON, Facts, OptionValue
from hub_vision.classification.labels import FUNCTIONS, read_labels
from hub_vision.classification.processing import Processing, read_processing

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["ImageClassification"]


class ImageClassification(Model):
    """Labels of whole pictures.

    Raises
    ------
    InferenceError
        The files ask for processing that is not known, or the graph takes something else than pictures.
    """

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._session = parts[""]
        self._input, self._most = _input(self._session)
        self._output = _output(self._session)
        self._labels = read_labels(assets)
        self._processing = self.processing()

    def processing(self) -> Processing:
        """How pictures become pixel values."""
        return read_processing(self.assets)

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Label each picture, uint8 (height, width, 3).

        Returns
        -------
        list of list of dict
            `label` and `score`, the highest first, `top_k` of them.
        """
        given: Mapping[str, Any] = options  # Any: resolved, so of the types that the options declare
        found = []
        for start in range(0, len(inputs), given["batch_size"]):
            values = [self._processing(picture) for picture in inputs[start : start + given["batch_size"]]]
            for logits in self._logits(values):
                function = given["function_to_apply"] or self._labels.function(len(logits))
                found.append(self._answer(FUNCTIONS[function](logits), given["top_k"]))
        return found

    def _logits(self, values: Sequence[Array]) -> list[Array]:
        """Logits of each picture, float64 (labels,); those of one size are computed together."""
        rows: list[Array] = []
        for _, alike in groupby(values, key=lambda value: value.shape):
            together = list(alike)
            for start in range(0, len(together), self._most or len(together)):
                feeds = {self._input: np.stack(together[start : start + (self._most or len(together))])}
                rows.extend(self._session.run(feeds, (self._output,))[self._output].astype(np.float64))
        return [row.reshape(-1) for row in rows]

    def _answer(self, scores: Array, top_k: int) -> list[dict[str, JSON]]:
        best = np.arange(len(scores))
        if 0 < top_k < len(scores):  # those that may be among them, with all that are as high as the last
            best = np.flatnonzero(scores >= np.partition(scores, -top_k)[-top_k])
        order = best[np.argsort(-scores[best], kind="stable")][: top_k or None]
        return [{"label": self._labels.name(int(place)), "score": float(scores[place])} for place in order]


def _input(session: Session) -> tuple[str, int]:
    """Name of the input that takes pictures, and how many it takes at once; 0 where that is open."""
    [*tensors] = session.inputs
    named = [tensor for tensor in tensors if tensor.name == "pixel_values"] or tensors
    if len(tensors) != 1 or len(named[0].shape) != 4:
        said = ", ".join(f"{tensor.name} {list(tensor.shape)}" for tensor in tensors)
        raise InferenceError(f"a graph for pictures takes one tensor of 4 dimensions, and this one takes: {said}")
    batch = named[0].shape[0]
    return named[0].name, batch if isinstance(batch, int) and batch > 0 else 0


def _output(session: Session) -> str:
    names = [tensor.name for tensor in session.outputs]
    if "logits" in names:
        return "logits"
    if len(names) == 1:
        return names[0]
    raise InferenceError(f"a classifier gives logits, and this graph gives: {', '.join(names)}")
