"""Languages of texts, by a classifier whose labels are codes of languages. Knows nothing of what computes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hub.errors import InputError
from hub.runtime.protocols import Emit, Model
from hub.types import OptionValue

__all__ = ["Languages"]


class Languages(Model):
    """Codes of languages (ISO 639) with scores."""

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Tell the language of each text.

        Returns
        -------
        list of list of dict
            `label` and `score`, the likeliest first: at most `top_k`, those of `threshold` and more, and the first
            anyhow. None where the model knows nothing of a text.

        Raises
        ------
        InputError
            An input that is no text, or has nothing in it.
        """
        given: Mapping[str, Any] = options  # Any: resolved, so of the types that the options declare
        for index, text in enumerate(inputs):
            if not isinstance(text, str):
                raise InputError(f"input {index} is {type(text).__name__}, not a text")
            if not text.strip():
                raise InputError(f"input {index} is a text with nothing in it")
        feeds = {"text": np.array(inputs, dtype=object), "top_k": np.array(given["top_k"], np.int64)}
        found = self.parts[""].run(feeds)
        least, answers = given["threshold"], []
        for labels, scores in zip(found["labels"].tolist(), found["scores"].tolist(), strict=True):
            answer = [{"label": label, "score": score} for label, score in zip(labels, scores, strict=True) if label]
            while len(answer) > 1 and answer[-1]["score"] < least:
                answer.pop()
            answers.append(answer)
        return answers
