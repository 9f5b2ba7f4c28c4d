"""Text ranking with a cross-encoder, which reads the query with each document.

Follows Nogueira and Cho, Passage Re-ranking with BERT (https://arxiv.org/abs/1901.04085), with the scores of
sentence-transformers' CrossEncoder. Knows nothing of how the graph is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import InferenceError, InputError
from hub.runtime.protocols import Emit, Model, Session
from hub.types import JSON, Facts, OptionValue
from hub_text.encoder import Encoder, named_output
from hub_text.files import read_object
from hub_text.labelling.inputs import fields_of, filled, texts_of
from hub_text.labelling.scores import FUNCTIONS, best
from hub_text.limits import read_limits

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["TextRanking"]

_FIELDS = ("query", "documents", "top_k", "return_documents")


class TextRanking(Model):
    """Sorts documents by a query.

    Raises
    ------
    InferenceError
        The graph wants what a text does not give, or gives no logits.
    """

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._encoder = Encoder(parts[""], read_limits(assets), assets)
        self._output = named_output(parts[""], "logits", 2)
        self._function = _function(assets)

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Sort the documents of each input.

        An input is an object with `query` and `documents`, or a query alone while the option `documents` holds them.

        Returns
        -------
        list of list of dict
            `score`, `index` (place in what was given) and `text`, the highest first.

        Raises
        ------
        InputError, ContextOverflow
            No query or no documents, or a pair that is too long while `truncate` is not set.
        """
        given: Mapping[str, Any] = options  # Any: resolved, so of the types that the options declare
        asked = [_Query(item, index, given) for index, item in enumerate(inputs)]
        pairs = [(one.query, document) for one in asked for document in one.documents]
        places = [
            f"input {index}, document {place}" for index, one in enumerate(asked) for place in range(len(one.documents))
        ]
        tokens = self._encoder.tokens(pairs, places.__getitem__, cut=given["truncate"])
        scores = self._encoder.each(tokens, given["batch_size"], self._output, self._reader(given), by_token=False)
        rest = iter(scores)
        return [one.answer([next(rest) for _ in one.documents]) for one in asked]

    def evaluate(self, inputs: Sequence[Any], options: Mapping[str, OptionValue]) -> list[Any]:
        """The places of the documents as labels, the best first."""
        found = self.infer(inputs, options, lambda _: False)
        return [[{"label": str(row["index"]), "score": row["score"]} for row in rows] for rows in found]

    def _reader(self, options: Mapping[str, Any]) -> Callable[[int, Array], float]:  # Any: as in infer
        function = FUNCTIONS["none" if options["raw_scores"] else self._function]

        def read(_: int, logits: Array) -> float:
            if len(logits) != 1:
                raise InferenceError(
                    f"a ranking model gives one score for a pair, and this one gives {len(logits)}",
                    hint="A classifier of pairs runs as: hub run MODEL --task text-classification",
                )
            return float(function(logits)[0])

        return read


class _Query:
    """One query, its documents and what is wanted of them."""

    def __init__(self, item: object, index: int, options: Mapping[str, Any]) -> None:
        takes = f"a query, or an object with {', '.join(_FIELDS)}"
        fields = {**options, **fields_of(item, index, allowed=_FIELDS, text="query", takes=takes)}
        self.query = filled(fields.get("query"), "query", index)
        self.documents = texts_of(fields["documents"], "documents", index)
        self._top_k, self._with_text = fields["top_k"], fields["return_documents"]
        if not isinstance(self._top_k, int) or self._top_k < 0 or not isinstance(self._with_text, bool):
            raise InputError(f"input {index}: top_k is an integer from 0, and return_documents true or false")

    def answer(self, scores: Sequence[float]) -> list[dict[str, JSON]]:
        """Rows for the best documents."""
        return [
            {"score": scores[place], "index": place, **({"text": self.documents[place]} if self._with_text else {})}
            for place in best(scores, self._top_k)
        ]


def _function(assets: Path) -> str:
    """What the model's own `config.json` puts on the score; where it says nothing, the sigmoid."""
    config = read_object(assets / "config.json")
    inner = config.get("sentence_transformers")
    named = inner.get("activation_fn") if isinstance(inner, dict) else None
    name = str(named or config.get("sbert_ce_default_activation_function") or "Sigmoid").rpartition(".")[2]
    known = {"Sigmoid": "sigmoid", "Identity": "none"}
    if name not in known:
        raise InferenceError(f"{assets / 'config.json'} puts '{name}' on the score, which is not known here")
    return known[name]
