"""Sentence embeddings, over a graph that gives hidden states (`run`) or a runtime that gives vectors (`embed`).

Knows nothing of how the graph is run. Vectors come out in the order in which the texts were given.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.errors import InputError, OptionError
from hub.runtime.protocols import Emit, Model, Session
from hub.types import Facts, OptionValue
from hub_text.embedding.layout import read_layout
from hub_text.embedding.pooling import normalized, pool
from hub_text.encoder import Encoder, named_output

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["SentenceEmbedding"]

_LOG = logging.getLogger("hub_text")
_POOLED = "sentence_embedding"  # a graph that pools by itself names its output so


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
        self._encoder = Encoder(self._session, self._layout.limits, assets) if verb == "run" else None
        self._output = _output(self._session) if verb == "run" else ""
        if self._encoder is not None and self._output != _POOLED:
            for notice in self._layout.notices:
                _LOG.warning("%s: %s", assets.name, notice)

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
            vectors = self._vectors(self._encoder, texts, size, cut=bool(cut))
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

    def _vectors(self, encoder: Encoder, texts: Sequence[str], size: int, *, cut: bool) -> Array:
        """Vectors of texts, float32 (n, dim), not normalised."""
        tokens = encoder.tokens(texts, "input {}".format, cut=cut)
        rows: list[int] = []
        found: list[Array] = []
        for batch in encoder.batches(tokens, size, [self._output]):
            hidden = batch.outputs[self._output]
            rows += batch.rows
            found.append(hidden if self._output == _POOLED else pool(hidden, batch.mask, self._layout.poolings))
        by_length = np.concatenate(found).astype(np.float32, copy=False)
        vectors = np.empty_like(by_length)
        vectors[rows] = by_length
        return vectors


def _output(session: Session) -> str:
    """The output that vectors are made of: one that is pooled already, else the hidden states of the tokens."""
    if _POOLED in [tensor.name for tensor in session.outputs]:
        return _POOLED
    return named_output(session, "last_hidden_state", 3)


def _batches(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), size):
        yield texts[start : start + size]
