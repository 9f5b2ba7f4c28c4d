"""Token classification: names, places, parts of speech. Knows nothing of how the graph is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import InputError
from hub.runtime.protocols import Emit, Model, Session
from hub.types import JSON, Facts, OptionValue
from hub_text.encoder import Encoder, named_output
from hub_text.files import read_object, token_text
from hub_text.labelling.entities import Piece, by_group, by_token, joined_words
from hub_text.labelling.scores import read_labels, softmax
from hub_text.limits import read_limits

if TYPE_CHECKING:
    from hub.runtime.protocols import Array
    from hub_text.tokenization import Encoding

__all__ = ["TokenClassification"]


class TokenClassification(Model):
    """Labels of the tokens of a text, or of groups of them.

    Raises
    ------
    InferenceError
        The graph wants what a text does not give, or gives no logits.
    """

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._encoder = Encoder(parts[""], read_limits(assets), assets)
        self._output = named_output(parts[""], "logits", 3)
        self._labels = read_labels(assets)
        self._unknown = self._encoder.tokenizer.id_of(
            token_text(read_object(assets / "tokenizer_config.json").get("unk_token")) or "[UNK]"
        )

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Label each text.

        Returns
        -------
        list of list of dict
            In the order of the text. With the strategy `none` each token's `entity`, `score`, `index`, `word`, `start`
            and `end`, with the others each group's `entity_group`, `score`, `word`, `start` and `end`. Labels of
            `ignore_labels` are left out.

        Raises
        ------
        InputError, ContextOverflow
            An input that is no text, or one that is too long while `truncate` is not set.
        """
        given: Mapping[str, Any] = options  # Any: resolved, so of the types that the options declare
        for index, item in enumerate(inputs):
            if not isinstance(item, str):
                raise InputError(f"input {index} is {type(item).__name__}; a text is taken")
        tokens = self._encoder.tokens(inputs, "input {}".format, cut=given["truncate"], offsets=True)
        strategy, ignored = given["aggregation_strategy"], given["ignore_labels"]

        def read(place: int, logits: Array) -> list[dict[str, JSON]]:
            pieces = list(self._pieces(inputs[place], tokens[place], softmax(logits)))
            return self._rows(pieces, strategy, ignored)

        return self._encoder.each(tokens, given["batch_size"], self._output, read, by_token=True)

    def _rows(self, pieces: list[Piece], strategy: str, ignored: Sequence[str]) -> list[dict[str, JSON]]:
        name, join = self._labels.name, self._encoder.tokenizer.join
        if strategy == "none":
            return by_token(pieces, name, ignored)
        words = pieces if strategy == "simple" else joined_words(pieces, strategy, join)
        return by_group(words, name, join, ignored)

    def _pieces(self, text: str, tokens: Encoding, scores: Array) -> Iterator[Piece]:
        """Tokens that are not special, with their place in the text."""
        for index, (token, special) in enumerate(zip(tokens.ids, tokens.special_tokens_mask, strict=True)):
            if special:
                continue
            start, end = tokens.offsets[index]
            unknown = token == self._unknown
            word = text[start:end] if unknown else self._encoder.tokenizer.token_of(token)
            inside = not unknown and self._inside(text, start, end, word)
            yield Piece(word=word, scores=scores[index], start=start, end=end, index=index, inside=inside)

    def _inside(self, text: str, start: int, end: int, word: str) -> bool:
        """Whether a token goes on with a word: by the mark in its spelling, else where no space comes before it."""
        if self._encoder.tokenizer.continues_words:
            return len(word) != end - start
        return start > 0 and " " not in text[start - 1 : start + 1]
