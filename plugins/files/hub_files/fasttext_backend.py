"""Runs fastText classifiers of texts, compressed ones too.

Joulin et al., Bag of Tricks for Efficient Text Classification (https://arxiv.org/abs/1607.01759), and FastText.zip
(https://arxiv.org/abs/1612.03651).

Texts go in as a tensor of strings, labels and scores come out. Knows nothing of what the labels mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fasttext  # type: ignore[import-untyped]
import numpy as np

from hub.errors import InferenceError, InputError
from hub.runtime.protocols import OpenRequest, Probe, Session, Tensor
from hub_files.header import refuse_damaged

if TYPE_CHECKING:
    from hub.runtime.protocols import Feeds, Outputs

__all__ = ["FastText", "open_part", "probe"]

_PREFIX = "__label__"


def probe() -> Probe:
    """The CPU, and the version of the reader."""
    return Probe(devices=("cpu",), versions={"fasttext-predict-v2": version("fasttext-predict-v2")})


def open_part(request: OpenRequest) -> Session:
    """Read a classifier.

    Raises
    ------
    InferenceError
        The file is damaged, or is no classifier.
    """
    return FastText(request.files[0])


class FastText(Session):
    """A classifier behind `run`: `text` (batch) and the number of labels wanted, `top_k`, to `labels` and `scores`.

    Both are (batch, labels), the best first; a text with fewer labels is filled up with "" and 0.
    """

    inputs = (
        Tensor(name="text", dtype="str", shape=("batch",)),
        Tensor(name="top_k", dtype="int64", shape=()),
    )
    outputs = (
        Tensor(name="labels", dtype="str", shape=("batch", "labels")),
        Tensor(name="scores", dtype="float32", shape=("batch", "labels")),
    )

    def __init__(self, path: Path) -> None:
        refuse_damaged(path)
        try:
            self._model: Any = fasttext.load_model(str(path))
        except (ValueError, RuntimeError, MemoryError) as error:
            raise InferenceError(f"fastText cannot read {path}: {error}") from error
        self.metadata = {"reader": version("fasttext-predict-v2")}

    def run(self, feeds: Feeds, wanted: Sequence[str] | None = None) -> Outputs:
        """Label the texts, each as one line: breaks of lines count as blanks.

        Raises
        ------
        InputError
            A text is not Unicode.
        """
        texts, most = [_line(text) for text in feeds["text"].tolist()], max(1, int(feeds["top_k"]))
        found = [self._model.predict(text, k=most) for text in texts]
        width = max((len(labels) for labels, _ in found), default=0)
        names = np.full((len(texts), width), "", dtype=object)
        values = np.zeros((len(texts), width), dtype=np.float32)
        for row, (labels, scores) in enumerate(found):
            names[row, : len(labels)] = [label.removeprefix(_PREFIX) for label in labels]
            values[row, : len(scores)] = scores
        np.clip(values, 0, 1, out=values)  # its table of exponentials rounds up
        return {"labels": names, "scores": values}

    def close(self) -> None:
        """Give the memory back."""
        self._model = None


def _line(text: object) -> str:
    """A text as one line, which is what the library takes."""
    if not isinstance(text, str):
        raise InputError(f"a text is {type(text).__name__}, not str")
    try:
        text.encode("utf-8")
    except UnicodeError as error:
        raise InputError(f"a text is not Unicode: {error}") from error
    return text.replace("\n", " ")
