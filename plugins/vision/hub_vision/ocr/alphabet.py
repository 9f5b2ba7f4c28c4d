"""Reads what a recogniser gives: at each place a character or none (CTC, Graves et al., 2006). Knows no pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hub.errors import InferenceError
from hub.types import JSON

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Alphabet"]

_METADATA = "character"
_BLANK = 0


class Alphabet:
    """The characters that a recogniser knows, as its file says in the metadata `character`.

    Number 0 stands for no character; the last number is a space where the file does not list it.

    Raises
    ------
    InferenceError
        The file does not say it.
    """

    def __init__(self, metadata: Mapping[str, JSON]) -> None:
        said = metadata.get(_METADATA)
        if not isinstance(said, str) or not said:
            raise InferenceError(
                f"the recogniser does not say its characters: its metadata has no '{_METADATA}'",
                hint="Run the ONNX file that the model came with, through a backend that gives metadata: onnx.",
            )
        self._characters = ["", *said.removesuffix("\n").split("\n"), " "]

    def read(self, chances: Array) -> list[tuple[str, float]]:
        """The text of each row, and the mean probability of its characters.

        Parameters
        ----------
        chances
            float32 (batch, places, characters).

        Raises
        ------
        InferenceError
            There are more characters than the file names.
        """
        if chances.shape[-1] > len(self._characters):
            raise InferenceError(
                f"the recogniser tells {chances.shape[-1]} characters apart, and its metadata names "
                f"{len(self._characters)}"
            )
        ids = chances.argmax(axis=2)
        scores = np.take_along_axis(chances, ids[:, :, None], axis=2)[:, :, 0]
        return [self._line(row, score) for row, score in zip(ids, scores, strict=True)]

    def _line(self, ids: Array, scores: Array) -> tuple[str, float]:
        kept = ids != _BLANK
        kept[1:] &= ids[1:] != ids[:-1]
        text = "".join(self._letters(ids[kept].tolist()))
        return text, float(scores[kept].mean()) if kept.any() else 0.0

    def _letters(self, ids: Sequence[int]) -> list[str]:
        return [self._characters[number] for number in ids]
