"""Zero-shot classification with a model for natural language inference, which says what a text entails.

Follows Yin, Hay and Roth, Benchmarking Zero-shot Text Classification (https://arxiv.org/abs/1909.00161), with the
scores of transformers' pipeline. Knows nothing of how the graph is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.errors import InferenceError, InputError, OptionError
from hub.runtime.protocols import Emit, Model, Session
from hub.types import JSON, Facts, OptionValue
from hub_text.encoder import Encoder, named_output
from hub_text.labelling.inputs import fields_of, filled, texts_of
from hub_text.labelling.scores import best, read_labels, softmax
from hub_text.limits import read_limits

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["ZeroShotClassification"]

_FIELDS = ("text", "candidate_labels", "hypothesis_template", "multi_label")


class ZeroShotClassification(Model):
    """Scores labels that the caller names.

    Raises
    ------
    InferenceError
        No label of the model says entailment, so it is no model for this.
    """

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        labels = read_labels(assets)
        entailment = labels.number("entail")
        if entailment is None:
            named = ", ".join(labels.names.values()) or "none"
            raise InferenceError(
                f"{assets / 'config.json'} names no label 'entailment' (its labels: {named}), which this task needs",
                hint="A classifier with labels of its own runs as: hub run MODEL --task text-classification",
            )
        contradiction = labels.number("contra")
        self._entailment = entailment
        self._contradiction = contradiction if contradiction is not None else -1 if entailment == 0 else 0
        self._encoder = Encoder(parts[""], read_limits(assets), assets)
        self._output = named_output(parts[""], "logits", 2)

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Score the candidate labels of each input.

        An input is a text, or an object with `text` and any of `candidate_labels`, `hypothesis_template` and
        `multi_label`, which come before the options of the same name.

        Returns
        -------
        list of list of dict
            `label` and `score`, the highest first.

        Raises
        ------
        InputError, OptionError, ContextOverflow
            An input that is no text, no labels, a template without a place for them, or a text that is too long.
        """
        given: Mapping[str, Any] = options  # Any: resolved, so of the types that the options declare
        asked = [_Question(item, index, given) for index, item in enumerate(inputs)]
        pairs = [(one.text, hypothesis) for one in asked for hypothesis in one.hypotheses]
        owners = [index for index, one in enumerate(asked) for _ in one.labels]
        tokens = self._encoder.tokens(
            pairs, lambda pair: f"input {owners[pair]}", cut=given["truncate"], first_only=True
        )
        logits = self._encoder.each(tokens, given["batch_size"], self._output, lambda _, row: row, by_token=False)
        rows = iter(logits)
        return [self._answer(one, np.stack([next(rows) for _ in one.labels])) for one in asked]

    def _answer(self, asked: _Question, logits: Array) -> list[dict[str, JSON]]:
        if asked.multi_label or len(asked.labels) == 1:
            shares = softmax(logits[:, [self._contradiction, self._entailment]])[:, 1]
        else:
            shares = softmax(logits[:, self._entailment])
        scores: list[float] = shares.tolist()
        return [{"label": asked.labels[place], "score": scores[place]} for place in best(scores, 0)]


class _Question:
    """One text, its labels and the sentences that say them."""

    def __init__(self, item: object, index: int, options: Mapping[str, Any]) -> None:
        takes = f"a text, or an object with {', '.join(_FIELDS)}"
        fields = {**options, **fields_of(item, index, allowed=_FIELDS, text="text", takes=takes)}
        self.text = filled(fields.get("text"), "text", index)
        self.labels = _labels(fields["candidate_labels"], index)
        self.multi_label = fields["multi_label"]
        if not isinstance(self.multi_label, bool):
            raise InputError(f"multi_label of input {index} is true or false, not {self.multi_label!r}")
        self.hypotheses = [_hypothesis(fields["hypothesis_template"], label) for label in self.labels]


def _labels(value: object, index: int) -> list[str]:
    """Labels; one text alone may name several, between commas."""
    if not value:
        raise OptionError(
            "there are no labels to choose from",
            hint='Name them: hub run MODEL "…" --option candidate_labels="sports, politics, weather"',
        )
    listed = texts_of(value, "candidate_labels", index)
    if len(listed) == 1:
        listed = listed[0].split(",")
    labels = [label.strip() for label in listed if label.strip()]
    if not labels:
        raise OptionError("the candidate labels are empty")
    return list(dict.fromkeys(labels))


def _hypothesis(template: object, label: str) -> str:
    if not isinstance(template, str) or "{}" not in template:
        raise OptionError(
            f"hypothesis_template {template!r} has no {{}}, where the label goes",
            hint='Write it like: "This example is {}."',
        )
    return template.replace("{}", label)
