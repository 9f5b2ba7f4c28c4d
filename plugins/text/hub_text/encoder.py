"""Texts through a graph: tokens, batches, feeds, outputs. Serves every task that reads texts and writes none.

Knows nothing of what the outputs mean. Feeds only what the graph names; texts go in by length, so that little is
padded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from hub.errors import ContextOverflow, InferenceError
from hub.runtime.protocols import Session
from hub_text.limits import Limits
from hub_text.tokenization import Encoding, Text, TextTokenizer

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Batch", "Encoder", "named_output"]

_LOG = logging.getLogger("hub_text")
_FEEDS = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
_SHOWN = 20

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What came of some texts.

    Parameters
    ----------
    rows
        Which texts, as places in what was given.
    mask
        (rows, tokens), 1 where a token is real.
    """

    rows: Sequence[int]
    mask: Array
    outputs: dict[str, Array]


class Encoder:
    """Runs texts, or pairs of them, through a graph.

    Raises
    ------
    InferenceError
        The graph wants what a text does not give, or the tokenizer is broken.
    """

    def __init__(self, session: Session, limits: Limits, assets: Path) -> None:
        unknown = [tensor.name for tensor in session.inputs if tensor.name not in _FEEDS]
        if unknown:
            raise InferenceError(f"the graph wants {', '.join(unknown)}, which a text does not give")
        self.session = session
        self.tokenizer = TextTokenizer(assets / "tokenizer.json")
        self._limits = limits
        self._pad_id = self.tokenizer.pad_id(limits.pad_token, limits.pad_id)

    def tokens(
        self,
        texts: Sequence[Text],
        names: Callable[[int], str],
        *,
        cut: bool,
        offsets: bool = False,
        first_only: bool = False,
    ) -> list[Encoding]:
        """Tokens of every text within the model's length: refused or cut where they are more.

        Parameters
        ----------
        names
            What to call a text by its place, in errors and warnings.
        first_only
            Of a pair, the first text alone may be cut.

        Raises
        ------
        ContextOverflow
            Texts are longer than the model takes, and may not be cut.
        """
        found = self.tokenizer.encode(texts, offsets=offsets)
        limit = self._limits.max_length
        long = [] if limit is None else [place for place, encoding in enumerate(found) if len(encoding) > limit]
        if limit is None or not long:
            return found
        told = [f"{names(place)}: {len(found[place])} tokens" for place in long]
        if not cut:
            raise ContextOverflow(
                f"{len(long)} of {len(texts)} texts are longer than the {limit} tokens that this model takes",
                hint=f"Split them, or set truncate=true to use the first {limit} tokens of each.",
                details=told if len(told) <= _SHOWN else [*told[:_SHOWN], f"and {len(told) - _SHOWN} more"],
            )
        for place, line in zip(long, told, strict=True):
            _LOG.warning("%s, cut to the first %d", line, limit)
            found[place] = self.tokenizer.encode_cut(texts[place], limit, first_only=first_only)
        return found

    def batches(self, tokens: Sequence[Encoding], size: int, outputs: Sequence[str]) -> Iterator[Batch]:
        """Run all of them, `size` at once, in the order of their length."""
        order = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            feeds = self._feeds([tokens[row] for row in rows])
            named = {tensor.name: feeds[tensor.name].astype(tensor.dtype) for tensor in self.session.inputs}
            found = self.session.run(named, list(outputs))
            yield Batch(rows=rows, mask=feeds["attention_mask"], outputs=found)

    def each(
        self, tokens: Sequence[Encoding], size: int, output: str, read: Callable[[int, Array], T], *, by_token: bool
    ) -> list[T]:
        """Run all of them, and read each one's own row of an output, in the order that was given.

        Parameters
        ----------
        read
            Takes the place of a text and its row, in float32 where it is of numbers; padding is cut off `by_token`.
        """
        found: list[T | None] = [None] * len(tokens)
        for batch in self.batches(tokens, size, [output]):
            for row, mask, values in zip(batch.rows, batch.mask, batch.outputs[output], strict=True):
                found[row] = read(row, (values[mask > 0] if by_token else values).astype(np.float32, copy=False))
        return cast("list[T]", found)

    def _feeds(self, batch: Sequence[Encoding]) -> dict[str, Array]:
        """A rectangle of ids, with a mask over what is padding. At least one token wide."""
        width = max(1, *(len(encoding) for encoding in batch))
        ids = np.full((len(batch), width), self._pad_id, dtype=np.int64)
        mask, types = np.zeros_like(ids), np.zeros_like(ids)
        for row, encoding in enumerate(batch):
            start = width - len(encoding) if self._limits.left_padding else 0
            place = slice(start, start + len(encoding))
            ids[row, place], mask[row, place] = encoding.ids, 1
            if self._limits.types:
                types[row, place] = encoding.type_ids
        positions = np.maximum(mask.cumsum(axis=1) - 1, 0)
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "position_ids": positions}


def named_output(session: Session, name: str, rank: int) -> str:
    """The output of that name, or else the first with that many dimensions.

    Raises
    ------
    InferenceError
        There is neither.
    """
    names = [tensor.name for tensor in session.outputs]
    fitting = [tensor.name for tensor in session.outputs if len(tensor.shape) == rank]
    if name in fitting:
        return name
    if not fitting:
        raise InferenceError(f"the graph gives no '{name}' of {rank} dimensions; it gives {', '.join(names)}")
    return fitting[0]
