"""Names of labels, from the files of a model, and the scores that logits stand for. Knows nothing of pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hub.errors import InferenceError
from hub_vision.files import read_object

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["FUNCTIONS", "Labels", "read_labels"]

_SYNSETS, _LEMMAS, _LINES = "imagenet_synsets.txt", "imagenet_synset_to_lemma.txt", "labels.txt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """Labels of a model, by number, and the kind of problem that its config says it solves."""

    names: Mapping[int, str]
    problem: str = ""

    def name(self, number: int) -> str:
        """The label of a number; `LABEL_7` where the files name none."""
        return self.names.get(number, f"LABEL_{number}")

    def function(self, count: int) -> str:
        """What makes scores of this many logits, as the config says."""
        if self.problem == "regression":
            return "none"
        return "sigmoid" if self.problem == "multi_label_classification" or count == 1 else "softmax"


def read_labels(folder: Path) -> Labels:
    """The labels that the files name: `id2label` of the config, else a list of them.

    A list is `labels.txt`, a line each, or the WordNet ids of ImageNet's classes (`imagenet_synsets.txt`) with their
    words (`imagenet_synset_to_lemma.txt`), of which the first is taken.

    Raises
    ------
    InferenceError
        A file cannot be read.
    """
    config = read_object(folder / "config.json")
    said = config.get("id2label")
    problem = str(config.get("problem_type") or "")
    names = {}
    if isinstance(said, dict):
        names = {int(number): str(name) for number, name in said.items() if number.isdecimal()}
    if not names:
        names = dict(enumerate(_listed(folder)))
    return Labels(names=names, problem=problem)


def _listed(folder: Path) -> Sequence[str]:
    if (folder / _LINES).is_file():
        return _lines(folder / _LINES)
    if not (folder / _SYNSETS).is_file():
        return ()
    pairs = (line.partition("\t") for line in _lines(folder / _LEMMAS)) if (folder / _LEMMAS).is_file() else ()
    words = {synset: text.partition(",")[0].strip() for synset, _, text in pairs}
    return [words.get(synset, synset) for synset in _lines(folder / _SYNSETS)]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InferenceError(f"{path} cannot be read: {error}") from error


def _softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max())
    return np.asarray(shifted / shifted.sum())


def _sigmoid(logits: Array) -> Array:
    return np.asarray(np.exp(-np.logaddexp(0, -logits)))


FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {"softmax": _softmax, "sigmoid": _sigmoid, "none": np.asarray}
"""What makes scores of logits, by the name that the option has."""
