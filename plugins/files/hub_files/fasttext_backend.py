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
            model: Any = fasttext.load_model(str(path))
        except (ValueError, RuntimeError, MemoryError) as error:
            raise InferenceError(f"fastText cannot read {path}: {error}") from error
        self._predict: Any = model.f.predict  # what the library's own method wraps, for one text at a time
        self._names: dict[str, str] = {}
        self.metadata = {"reader": version("fasttext-predict-v2")}

    def run(self, feeds: Feeds, wanted: Sequence[str] | None = None) -> Outputs:
        """Label the texts, each as one line: breaks of lines count as blanks.

        Raises
        ------
        InputError
            A text is not Unicode.
        """
        most = max(1, int(feeds["top_k"]))
        predict, names = self._predict, self._names
        found = [predict(_line(text), most, 0.0, "strict") for text in feeds["text"].tolist()]
        width = max(map(len, found), default=0)
        for pairs in found:
            pairs.extend([(0.0, "")] * (width - len(pairs)))
        labels = [names.get(label) or self._named(label) for pairs in found for _, label in pairs]
        values = np.array([score for pairs in found for score, _ in pairs], dtype=np.float32)
        np.minimum(values, 1, out=values)  # its table of exponentials rounds up
        shape = (len(found), width)
        return {"labels": np.array(labels, dtype=object).reshape(shape), "scores": values.reshape(shape)}

    def close(self) -> None:
        """Give the memory back."""
        self._predict = None

    def _named(self, label: str) -> str:
        """The label without what marks it as one; kept, because there are few."""
        return self._names.setdefault(label, label.removeprefix(_PREFIX))


def _line(text: object) -> str:
    """A text as one line with its end, which is what the library takes."""
    if not isinstance(text, str):
        raise InputError(f"a text is {type(text).__name__}, not str")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeError as error:
            raise InputError(f"a text is not Unicode: {error}") from error
    return text.replace("\n", " ") + "\n"
