"""Inputs of a task to sequences of tokens, split into those to learn on and those to validate on.

What is longer than the longest sequence becomes several; nothing is thrown away but repetitions and what has fewer
than two tokens. Knows nothing of models, and of the tokenizer only how it is called.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hub.errors import InputError

__all__ = ["Corpus", "Tokenize", "make_corpus", "texts_of"]

Text = str | tuple[str, str]
Ids = Mapping[str, tuple[int, ...]]
"""Names of a model's inputs (`input_ids`, `token_type_ids`) to one value for each token."""

_LEAST = 8
_FEW = 20
"""With fewer texts, sequences are split and not whole texts, because one long text may be all there is."""
_PAIR = ("text", "text_pair")


class Tokenize(Protocol):
    """Sequences of a text, each within the length."""

    def __call__(self, text: Text) -> list[Ids]:
        """One or more, with the tokens that the model wants around them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """Sequences of tokens.

    Parameters
    ----------
    altered
        Copies of those to learn on, with other tokens, which are learnt from as well.
    dropped
        How many were too short to learn from.
    """

    train: tuple[Ids, ...]
    validation: tuple[Ids, ...]
    altered: tuple[Ids, ...] = ()
    dropped: int = 0

    @property
    def learnt(self) -> tuple[Ids, ...]:
        """All that is learnt from."""
        return self.train + self.altered


def texts_of(inputs: Sequence[Any], render: Callable[[list[Any]], str]) -> list[Text]:
    """The texts of inputs, each once, in their order.

    Parameters
    ----------
    render
        Writes a conversation as the model reads it.

    Raises
    ------
    InputError
        An input is neither a text, a pair of texts nor a conversation.
    """
    found: dict[Text, None] = {}
    for index, item in enumerate(inputs):
        text = _text(item, index, render)
        if any(part.strip() for part in ([text] if isinstance(text, str) else text)):
            found[text] = None
    return list(found)


def make_corpus(texts: Sequence[Text], tokenize: Tokenize, *, share: float, seed: int) -> Corpus:
    """Tokenize and split.

    Parameters
    ----------
    share
        Of the texts, for validation. A text is on one side with all its sequences, where there are enough of them.

    Raises
    ------
    InputError
        There is too little to learn from.
    """
    pieces = [list(tokenize(text)) for text in texts]
    dropped = sum(_length(ids) < 2 for group in pieces for ids in group)
    groups = [kept for group in pieces if (kept := [ids for ids in group if _length(ids) >= 2])]
    count = sum(map(len, groups))
    if count < _LEAST:
        raise InputError(
            f"the data holds {count} different sequences of two tokens or more, and learning needs at least {_LEAST}"
            + (f"; {dropped} have one token, from which nothing follows" if dropped else ""),
            hint="Name a file with more text, a text on each line: distill:data=FILE",
        )
    if len(groups) < _FEW:
        groups = [[ids] for group in groups for ids in group]
    random.Random(f"split {seed}").shuffle(groups)  # noqa: S311 - no secret
    held = math.ceil(len(groups) * share)
    validation = tuple(ids for group in groups[:held] for ids in group)
    seen = {ids["input_ids"] for ids in validation}
    train = tuple(ids for group in groups[held:] for ids in group if ids["input_ids"] not in seen)
    if not train:
        raise InputError("all sequences of the data are the same after they are cut", hint="Raise max_length.")
    return Corpus(train=train, validation=validation, dropped=dropped)


def _text(item: object, index: int, render: Callable[[list[Any]], str]) -> Text:
    if isinstance(item, str):
        return item
    if isinstance(item, Mapping) and isinstance(item.get(_PAIR[0]), str) and set(item) <= set(_PAIR):
        second = item.get(_PAIR[1])
        return (item[_PAIR[0]], second) if isinstance(second, str) else str(item[_PAIR[0]])
    if isinstance(item, Sequence) and item and all(isinstance(each, str) for each in item) and len(item) == 2:
        return (str(item[0]), str(item[1]))
    if isinstance(item, list) and item and all(isinstance(each, Mapping) and "content" in each for each in item):
        return render(item)
    raise InputError(
        f"input {index} of the data is {type(item).__name__}, and a text is needed",
        hint="Data for a distillation is a text file, a text on each line.",
    )


def _length(ids: Ids) -> int:
    return len(ids["input_ids"])
