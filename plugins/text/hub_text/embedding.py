"""Sentence embeddings, over a graph that gives hidden states (`run`) or a runtime that gives vectors (`embed`).

Knows nothing of how the graph is run. Feeds only what the graph names; texts go in by length, so that little is
padded, and come out in the order in which they were given.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from hub.errors import ContextOverflow, InferenceError, InputError, OptionError
from hub.runtime.protocols import Emit, Model, Session
from hub.types import Facts, OptionValue
from hub_text.layout import Layout, read_layout
from hub_text.pooling import normalized, pool
from hub_text.tokenization import TextTokenizer

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["SentenceEmbedding"]

_LOG = logging.getLogger("hub_text")
_FEEDS = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
_POOLED = "sentence_embedding"  # a graph that pools by itself names its output so

Tokens = tuple[list[int], list[int]]
T = TypeVar("T")


class SentenceEmbedding(Model):
    """One float32 vector (dim,) for each text.

    Raises
    ------
    InferenceError
        The model's files or its graph ask for what is not known here.
    """

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._session = parts[""]
        self._layout = read_layout(assets)
        self._encoder = _Encoder(self._session, self._layout, assets) if verb == "run" else None
        if verb == "run" and not self._encoder_pools:
            for notice in self._layout.notices:
                _LOG.warning("%s: %s", assets.name, notice)

    @property
    def _encoder_pools(self) -> bool:
        return self._encoder is not None and self._encoder.output == _POOLED

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Make the vectors of texts, in order.

        Raises
        ------
        InputError
            An input is no text.
        ContextOverflow
            Texts are longer than the model takes, and `truncate` is not set. All of them are named.
        """
        texts = [self._text(item, index) for index, item in enumerate(inputs)]
        size, cut, wanted = options["batch_size"], options["truncate"], options["normalize"]
        assert isinstance(size, int)
        if self._encoder is not None:
            vectors = self._encoder.vectors(texts, size, cut=bool(cut))
        elif cut:
            raise OptionError("truncate is not possible here: this runtime owns the tokenizer and does not cut")
        else:
            vectors = np.concatenate([self._session.embed(batch) for batch in _batches(texts, size)])
        normalize = self._layout.normalize if wanted is None else bool(wanted)
        return list(normalized(vectors) if normalize else vectors)

    def _text(self, item: object, index: int) -> str:
        if not isinstance(item, str):
            raise InputError(f"input {index} is {type(item).__name__}; a text is taken")
        text = self._layout.prompt + item
        return text.lower() if self._layout.lower_case else text


class _Encoder:
    """Texts to vectors through a graph: tokens, batches, hidden states, pooling."""

    def __init__(self, session: Session, layout: Layout, assets: Path) -> None:
        unknown = [tensor.name for tensor in session.inputs if tensor.name not in _FEEDS]
        if unknown:
            raise InferenceError(f"the graph wants {', '.join(unknown)}, which a text does not give")
        self._session = session
        self._layout = layout
        self._tokenizer = TextTokenizer(assets / "tokenizer.json")
        self._pad_id = self._tokenizer.pad_id(layout.pad_token, layout.pad_id)
        self.output = _output(session)

    def vectors(self, texts: Sequence[str], size: int, *, cut: bool) -> Array:
        """Vectors of texts, float32 (n, dim), not normalised."""
        tokens = self._fitting(texts, self._tokenizer.encode(texts), cut=cut)
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index][0]))
        found: list[Array] = []
        for batch in _batches(order, size):
            feeds = self._feeds([tokens[index] for index in batch])
            mask = feeds["attention_mask"]
            named = {tensor.name: feeds[tensor.name].astype(tensor.dtype) for tensor in self._session.inputs}
            hidden = self._session.run(named, [self.output])[self.output]
            found.append(hidden if self.output == _POOLED else pool(hidden, mask, self._layout.poolings))
        sorted_vectors = np.concatenate(found).astype(np.float32, copy=False)
        vectors = np.empty_like(sorted_vectors)
        vectors[order] = sorted_vectors
        return vectors

    def _fitting(self, texts: Sequence[str], tokens: list[Tokens], *, cut: bool) -> list[Tokens]:
        """Tokens of every text within the model's length: refused or cut where they are more."""
        limit = self._layout.max_length
        if limit is None:
            return tokens
        long = [index for index, (ids, _) in enumerate(tokens) if len(ids) > limit]
        if not long:
            return tokens
        told = [f"input {index}: {len(tokens[index][0])} tokens" for index in long]
        if not cut:
            raise ContextOverflow(
                f"{len(long)} of {len(texts)} texts are longer than the {limit} tokens that this model takes",
                hint=f"Split them, or set truncate=true to use the first {limit} tokens of each.",
                details=told,
            )
        for line in told:
            _LOG.warning("%s, cut to the first %d", line, limit)
        return [
            self._tokenizer.encode_cut(text, limit) if len(found[0]) > limit else found
            for text, found in zip(texts, tokens, strict=True)
        ]

    def _feeds(self, batch: Sequence[Tokens]) -> dict[str, Array]:
        """A rectangle of ids, with a mask over what is padding. At least one token wide."""
        width = max(1, *(len(ids) for ids, _ in batch))
        ids = np.full((len(batch), width), self._pad_id, dtype=np.int64)
        mask, types = np.zeros_like(ids), np.zeros_like(ids)
        for row, (text_ids, text_types) in enumerate(batch):
            start = width - len(text_ids) if self._layout.left_padding else 0
            place = slice(start, start + len(text_ids))
            ids[row, place], types[row, place], mask[row, place] = text_ids, text_types, 1
        positions = np.maximum(mask.cumsum(axis=1) - 1, 0)
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "position_ids": positions}


def _output(session: Session) -> str:
    """The output that vectors are made of: one that is pooled already, else the hidden states of the tokens."""
    names = [tensor.name for tensor in session.outputs]
    if _POOLED in names:
        return _POOLED
    hidden = [tensor.name for tensor in session.outputs if len(tensor.shape) == 3]
    if not hidden:
        raise InferenceError(f"the graph gives no hidden states of tokens; it gives {', '.join(names)}")
    return "last_hidden_state" if "last_hidden_state" in hidden else hidden[0]


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
