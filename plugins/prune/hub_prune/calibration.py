"""Batches to calibrate on: what the model plugin feeds, or texts cut into tokens here.

Knows nothing of what is measured on them.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from hub.errors import InferenceError, UsageError
from hub.runtime.protocols import TransformRequest
from hub_prune.library import PreTrainedModel

__all__ = ["Batch", "batches_of"]

_TOKENS = 256
"""The most of one text."""
_ROOM = 4096
"""Tokens of a batch, padding included."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Arguments of the model, and which of their tokens are no padding: bool (rows, tokens)."""

    feeds: dict[str, torch.Tensor]
    mask: torch.Tensor


def batches_of(request: TransformRequest, model: PreTrainedModel, *, samples: int, seed: int) -> list[Batch]:
    """Batches of at most `samples` inputs, chosen by the seed.

    An encoder gets what the model plugin feeds it. A decoder is no model of tensors, and where nothing installed runs
    the encoder there is no record either: then texts are cut by `tokenizer.json`.

    Raises
    ------
    UsageError
        There is nothing to calibrate on.
    """
    inputs = _chosen(request.inputs, samples, seed)
    recorded = [] if request.facts.task == "text-generation" else _recorded(request, inputs)
    takes = set(inspect.signature(model.forward).parameters)
    made = [_batch(feeds, takes) for feeds in recorded or _tokenized(request.path, inputs, model)]
    if not made:
        raise UsageError(
            "there is no text of two tokens or more to calibrate on", hint="Name a file of texts: data=FILE"
        )
    return made


def _chosen(inputs: Sequence[Any], samples: int, seed: int) -> list[Any]:  # Any: of the kinds that the task takes
    if len(inputs) <= samples:
        return list(inputs)
    places = random.Random(f"prune {seed}").sample(range(len(inputs)), samples)  # noqa: S311 - no secret
    return [inputs[place] for place in sorted(places)]


def _recorded(request: TransformRequest, inputs: Sequence[Any]) -> list[dict[str, Any]]:  # Any: numpy arrays
    try:
        return [dict(feeds) for feeds in request.record(inputs)]
    except InferenceError:
        return []


def _tokenized(
    folder: Path, inputs: Sequence[Any], model: PreTrainedModel
) -> Iterator[dict[str, Any]]:  # Any: numpy arrays
    path = folder / "tokenizer.json"
    if not path.exists():
        raise UsageError(
            "there is nothing to cut texts into tokens with: the model has no tokenizer.json, and nothing installed "
            "records what it is fed",
            hint="Install a backend for safetensors: hub plugin install openmodelhub-torch",
        )
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    most = min(_TOKENS, int(getattr(model.config, "max_position_embeddings", _TOKENS)) - 2)
    tokenizer.enable_truncation(most)
    rows = [ids for each in inputs if len(ids := tokenizer.encode(_text(each)).ids) > 1]
    rows.sort(key=len, reverse=True)
    start = 0
    while start < len(rows):
        count = max(1, _ROOM // len(rows[start]))
        yield _padded(rows[start : start + count], int(getattr(model.config, "pad_token_id", None) or 0))
        start += count


def _padded(rows: list[list[int]], pad: int) -> dict[str, Any]:  # Any: as above
    longest = len(rows[0])
    ids = np.array([row + [pad] * (longest - len(row)) for row in rows], np.int64)
    mask = np.array([[1] * len(row) + [0] * (longest - len(row)) for row in rows], np.int64)
    return {"input_ids": ids, "attention_mask": mask}


def _text(value: Any) -> str:  # Any: a text, messages, or fields of text
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n".join(_text(each) for each in value.values() if isinstance(each, str | list | tuple | dict))
    if isinstance(value, Sequence):
        return "\n".join(
            _text(each["content"] if isinstance(each, dict) and "content" in each else each) for each in value
        )
    return str(value)


def _batch(feeds: dict[str, Any], takes: set[str]) -> Batch:  # Any: as above
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in feeds.items() if name in takes}
    given = tensors.get("attention_mask", torch.ones_like(tensors["input_ids"]))
    return Batch(tensors, given.bool())
