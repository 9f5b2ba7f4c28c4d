"""What llama.cpp expects at each place of a text, asked for one token at a time.

Knows nothing of conversations or of how servers are started.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from hub.errors import ContextOverflow, InferenceError
from hub.runtime.protocols import Sampling, Scored
from hub.types import JSON
from hub_llamacpp.requests import sampling_fields

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Scorer", "Vocabulary", "row_of"]

MOST = 1000
"""Likeliest tokens that are asked for at each place; the library takes about 10 µs for each of them."""

Chunk = Mapping[str, Any]  # Any: one JSON answer of llama.cpp's server


class Vocabulary(Protocol):
    """Cuts texts into tokens."""

    size: int

    def tokens(self, text: str) -> tuple[int, ...]:
        """Ids of a text, as the model expects its beginning."""

    def close(self) -> None:
        """Give the memory back."""


class Scorer:
    """Scores texts with a server that completes prompts.

    Each place takes one request, which evaluates one token: what comes before it is kept between requests.

    Notes
    -----
    At each place the 1,000 likeliest tokens are told exactly, and the token that is there always is. The probability
    that the other ones have together is told exactly too, and spread evenly over them, which `Scored.told` says. Logits
    do not depend on sampling; they may differ in the last digits from those of one long prompt, because the batches are
    others.
    """

    def __init__(
        self,
        complete: Callable[[dict[str, JSON], Callable[[Any], bool]], object],  # Any: a chunk
        vocabulary: Vocabulary,
        context: int,
    ) -> None:
        self._complete = complete
        self._vocabulary = vocabulary
        self._context = context

    def score(self, text: str) -> Scored:
        """Log-probabilities of the tokens of a text.

        Raises
        ------
        ContextOverflow
            The text does not fit the context.
        InferenceError
            llama.cpp failed.
        """
        ids = self._vocabulary.tokens(text)
        if len(ids) > self._context:
            raise ContextOverflow(
                f"a text takes {len(ids)} tokens and the context holds {self._context}",
                hint="Split the text, or load the model with a larger context_length.",
            )
        rows = np.empty((max(0, len(ids) - 1), self._vocabulary.size), np.float32)
        for place in range(1, len(ids)):
            found = self._expected(ids[:place], MOST)
            if ids[place] not in found:
                found = self._expected(ids[:place], self._vocabulary.size)
            rows[place - 1] = row_of(found, self._vocabulary.size)
        return Scored(ids=ids, logprobs=rows, told=MOST if self._vocabulary.size > MOST else None)

    def close(self) -> None:
        """Give back what was opened for the vocabulary."""
        self._vocabulary.close()

    def _expected(self, before: tuple[int, ...], most: int) -> dict[int, float]:
        """Log-probabilities of the likeliest next tokens, by id."""
        body: dict[str, JSON] = {
            **sampling_fields(Sampling(max_tokens=1)),
            "prompt": list(before),
            "n_probs": most,
            "cache_prompt": True,
            "id_slot": 0,
            "stream": False,
        }
        answers: list[Chunk] = []

        def take(chunk: Chunk) -> bool:
            answers.append(chunk)
            return False

        returned = self._complete(body, take)
        answer = answers[-1] if answers else returned
        if not isinstance(answer, Mapping) or "error" in answer:
            raise InferenceError(f"llama.cpp failed: {answer['error'] if isinstance(answer, Mapping) else answer}")
        try:
            [place] = answer["choices"][0]["logprobs"]["content"]
            return {int(each["id"]): float(each["logprob"]) for each in place["top_logprobs"]}
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise InferenceError(f"llama.cpp told no probabilities: {error!r}") from error


def row_of(known: Mapping[int, float], size: int) -> Array:
    """Log-probabilities of every token, float32 (size,): what is left of 1 is spread over those that are not known."""
    ids = np.fromiter(known.keys(), np.int64, len(known))
    values = np.fromiter(known.values(), np.float64, len(known))
    others = size - len(known)
    left = max(1.0 - float(np.exp(values).sum()), 1e-12)
    row = np.full(size, np.log(left / others) if others else 0.0, np.float32)
    row[ids] = np.maximum(values, np.finfo(np.float32).min)
    return row
