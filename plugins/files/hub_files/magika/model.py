"""Types of files: both ends of each to the graph, its scores to a label that is sure enough.

Knows nothing of what computes the graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.errors import InferenceError
from hub.runtime.protocols import Emit, Model, Session
from hub.types import JSON, Facts, OptionValue
from hub_files.magika.content import Ends, read_ends
from hub_files.magika.features import features_of
from hub_files.magika.settings import Settings, read_settings

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Magika"]


class Magika(Model):
    """Labels of files with media type, group and a description.

    Raises
    ------
    InferenceError
        The settings are missing or damaged, or the graph is of another version.
    """

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._settings = read_settings(assets)
        session = parts[""]
        if len(session.inputs) != 1 or not session.outputs:
            named = ", ".join(tensor.name for tensor in session.inputs)
            raise InferenceError(f"a graph of Magika takes one tensor of bytes, and this takes {named or 'none'}")
        self._input, self._output = session.inputs[0], session.outputs[0].name

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Tell the type of each file: a path, or its bytes. Of a large one no more than both ends are read.

        Returns
        -------
        list of list of dict
            One label each, with `score`, `mime_type`, `group`, `description`, `extensions` and `is_text`; where the
            graph had said something else, also that, as `guess`.

        Raises
        ------
        InputError
            A file cannot be read, or is a folder.
        """
        given: Mapping[str, Any] = options  # Any: resolved, so of the types that the options declare
        found: list[list[dict[str, JSON]] | None] = []
        rows: list[tuple[int, Array]] = []
        for index, item in enumerate(inputs):
            ends = read_ends(item, self._settings.block)
            row = None if ends.size < self._settings.least else features_of(ends, self._settings)
            found.append(None if row is not None else [self._shown(_few(ends), 1.0)])
            if row is not None:
                rows.append((index, row))
        size = given["batch_size"]
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            for (index, _), scores in zip(batch, self._scores([row for _, row in batch]), strict=True):
                found[index] = [self._judged(scores, given["confidence"])]
        return found

    def _scores(self, rows: Sequence[Array]) -> Array:
        feed = np.stack(rows).astype(self._input.dtype, copy=False)
        scores = self.parts[""].run({self._input.name: feed}, [self._output])[self._output]
        if scores.shape != (len(rows), len(self._settings.labels)):
            raise InferenceError(f"{len(self._settings.labels)} labels do not fit scores of {list(scores.shape)}")
        return scores

    def _judged(self, scores: Array, confidence: str) -> dict[str, JSON]:
        """The label that is given, after what the settings say of the graph's own."""
        place = int(scores.argmax())
        guess, score = self._settings.labels[place], float(scores[place])
        label = self._settings.replaced.get(guess, guess)
        if score < _least(self._settings, guess, confidence):
            label = "txt" if self._settings.kinds[label].is_text else "unknown"
        return self._shown(label, score, guess)

    def _shown(self, label: str, score: float, guess: str = "") -> dict[str, JSON]:
        kind = self._settings.kinds[label]
        shown: dict[str, JSON] = {
            "label": label,
            "score": score,
            "mime_type": kind.mime_type,
            "group": kind.group,
            "description": kind.description,
            "extensions": list(kind.extensions),
            "is_text": kind.is_text,
        }
        return shown | ({"guess": guess} if guess and guess != label else {})


def _least(settings: Settings, label: str, confidence: str) -> float:
    """The score from which on a label is believed."""
    if confidence == "best_guess":
        return 0.0
    return settings.thresholds.get(label, settings.usual) if confidence == "high" else settings.usual


def _few(ends: Ends) -> str:
    """What is told of so few bytes that the graph is not asked."""
    if not ends.size:
        return "empty"
    try:
        ends.head.decode("utf-8")
    except UnicodeDecodeError:
        return "unknown"
    return "txt"
