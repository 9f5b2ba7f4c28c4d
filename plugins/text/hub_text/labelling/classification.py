"""Text classification: sentiment, topics, natural language inference. Knows nothing of how the graph is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import InputError
from hub.runtime.protocols import Emit, Model, Session
from hub.types import JSON, Facts, OptionValue
from hub_text.encoder import Encoder, named_output
from hub_text.labelling.inputs import fields_of
from hub_text.labelling.scores import FUNCTIONS, best, read_labels
from hub_text.limits import read_limits
from hub_text.tokenization import Text

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["TextClassification"]


class TextClassification(Model):
    """Labels of whole texts, or of pairs of them.

    Raises
    ------
    InferenceError
        The graph wants what a text does not give, or gives no logits.
    """

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._encoder = Encoder(parts[""], read_limits(assets), assets)
        self._output = named_output(parts[""], "logits", 2)
        self._labels = read_labels(assets)

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Label each input: a text, or an object with `text` and `text_pair`.

        Returns
        -------
        list of list of dict
            `label` and `score`, the highest first, `top_k` of them.

        Raises
        ------
        InputError, ContextOverflow
            An input that is no text, or one that is too long while `truncate` is not set.
        """
        given: Mapping[str, Any] = options  # Any: resolved, so of the types that the options declare
        texts = [_text(item, index) for index, item in enumerate(inputs)]
        tokens = self._encoder.tokens(texts, "input {}".format, cut=given["truncate"])

        def read(_: int, logits: Array) -> list[dict[str, JSON]]:
            function = given["function_to_apply"] or self._labels.function(len(logits))
            scores: list[float] = FUNCTIONS[function](logits).tolist()
            return [
                {"label": self._labels.name(place), "score": scores[place]} for place in best(scores, given["top_k"])
            ]

        return self._encoder.each(tokens, given["batch_size"], self._output, read, by_token=False)


def _text(item: object, index: int) -> Text:
    takes = "a text, or an object with text and text_pair"
    fields = fields_of(item, index, allowed=("text", "text_pair"), text="text", takes=takes)
    first, second = fields.get("text"), fields.get("text_pair")
    if not isinstance(first, str) or not (second is None or isinstance(second, str)):
        raise InputError(f"input {index} is not {takes}")
    return first if second is None else (first, second)
