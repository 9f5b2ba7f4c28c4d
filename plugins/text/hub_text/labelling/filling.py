"""Fill-mask: which words fit where one is left out? Knows nothing of how the graph is run."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.errors import InferenceError, InputError, OptionError
from hub.runtime.protocols import Emit, Model, Session
from hub.types import JSON, Facts, OptionValue
from hub_text.encoder import Encoder, named_output
from hub_text.files import read_object, token_text
from hub_text.labelling.scores import best, softmax
from hub_text.limits import read_limits

if TYPE_CHECKING:
    from hub.runtime.protocols import Array
    from hub_text.tokenization import Encoding

__all__ = ["FillMask"]

_LOG = logging.getLogger("hub_text")
_MASKS = ("[MASK]", "<mask>")

Row = list[dict[str, JSON]]


class FillMask(Model):
    """Proposes tokens for the masks of a text.

    Raises
    ------
    InferenceError
        The model has no mask token, so it is no model for this.
    """

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._encoder = Encoder(parts[""], read_limits(assets), assets)
        self._output = named_output(parts[""], "logits", 3)
        self._mask = self._mask_of(assets)
        self._mask_id = self._encoder.tokenizer.id_of(self._mask)

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Fill the masks of each text; `[MASK]` and `<mask>` both stand for the model's own.

        Returns
        -------
        list of list of dict
            `score`, `token`, `token_str` and `sequence`, the highest first; where a text has several masks, one such
            list for each of them, filled for itself.

        Raises
        ------
        InputError, OptionError, ContextOverflow
            An input that is no text or has no mask, targets that are no token, or a text that is too long.
        """
        given: Mapping[str, Any] = options  # Any: resolved, so of the types that the options declare
        texts = [self._text(item, index) for index, item in enumerate(inputs)]
        targets = self._targets(given["targets"])
        tokens = self._encoder.tokens(texts, "input {}".format, cut=given["truncate"])
        for index, encoding in enumerate(tokens):
            if self._mask_id not in encoding.ids:
                raise InputError(f"the mask of input {index} is in the part that is cut off")

        def read(place: int, logits: Array) -> Row | list[Row]:
            return self._filled(tokens[place], logits, targets, given["top_k"])

        return self._encoder.each(tokens, given["batch_size"], self._output, read, by_token=True)

    def evaluate(self, inputs: Sequence[Any], options: Mapping[str, OptionValue]) -> list[Any]:
        """The words that are proposed, as labels with scores; of several masks all of the best ones together."""
        return [self._proposed(rows) for rows in self.infer(inputs, options, lambda _: False)]

    def _proposed(self, rows: Row | list[Row]) -> list[dict[str, JSON]]:
        masks = [rows] if isinstance(rows[0], dict) else rows
        if len(masks) == 1:
            return [{"label": row["token_str"], "score": row["score"]} for row in masks[0]]
        return [{"label": " ".join(str(mask[0]["token_str"]) for mask in masks)}]

    def _filled(self, tokens: Encoding, logits: Array, targets: list[int], top_k: int) -> Row | list[Row]:
        """Rows for the one mask, or for each of several."""
        ids = list(tokens.ids)
        masks = [place for place, token in enumerate(ids) if token == self._mask_id]
        rows = []
        for place in masks:
            scores = softmax(logits[place])
            chosen = targets or np.argpartition(scores, -min(top_k or len(scores), len(scores)))[::-1].tolist()
            order = best([float(scores[token]) for token in chosen], top_k)
            rows.append([self._row(ids, place, chosen[at], float(scores[chosen[at]]), len(masks)) for at in order])
        return rows[0] if len(masks) == 1 else rows

    def _row(self, ids: list[int], place: int, token: int, score: float, masks: int) -> dict[str, JSON]:
        tokenizer = self._encoder.tokenizer
        sequence = tokenizer.decode([*ids[:place], token, *ids[place + 1 :]], special=masks > 1)
        return {
            "score": score,
            "token": token,
            "token_str": tokenizer.decode([token], special=True),
            "sequence": sequence,
        }

    def _text(self, item: object, index: int) -> str:
        if not isinstance(item, str):
            raise InputError(f"input {index} is {type(item).__name__}; a text is taken")
        text = item
        if self._mask not in text:
            for other in _MASKS:
                text = text.replace(other, self._mask)
        if self._mask not in text:
            raise InputError(
                f"input {index} leaves no word out",
                hint=f"Put {self._mask} where the word goes: Paris is in {self._mask}.",
            )
        return text

    def _targets(self, words: Sequence[str]) -> list[int]:
        """Ids of the words to choose from; of a word that is no token the first token is taken, and said."""
        tokenizer = self._encoder.tokenizer
        found: list[int] = []
        for word in words:
            token = tokenizer.id_of(word)
            if token < 0:
                pieces = tokenizer.ids(word, special=False)
                if not pieces:
                    raise OptionError(f"target '{word}' holds no token of this model")
                token = pieces[0]
                _LOG.warning("target '%s' is no token of this model: '%s' is taken", word, tokenizer.token_of(token))
            found.append(token)
        return list(dict.fromkeys(found))

    def _mask_of(self, assets: Path) -> str:
        """The token that stands for a word left out, as the files name it, else as it is usually written."""
        files = (read_object(assets / name) for name in ("tokenizer_config.json", "special_tokens_map.json"))
        named = [token_text(content.get("mask_token")) for content in files]
        for token in (*named, *_MASKS):
            if token and self._encoder.tokenizer.id_of(token) >= 0:
                return token
        raise InferenceError(f"the tokenizer in {assets} has no mask token, so it leaves no word out")
