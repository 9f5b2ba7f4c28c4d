"""What a model's own files say of the texts that it takes: how long they may be, and how they are padded.

Follows the tokenizer files and the `config.json` of Hugging Face. Computes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hub.types import JSON
from hub_text.files import read_object, token_text

__all__ = ["Limits", "read_limits"]

_UNLIMITED = 1 << 24  # tokenizer_config.json says 1e30 where there is no limit
_POSITIONS_AFTER_PADDING = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "data2vec-text"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How texts are given to a model.

    Parameters
    ----------
    max_length
        Tokens that the model takes, special tokens included; `None` where nothing limits them.
    types
        Whether the model was trained to tell the second text of a pair by its type ids, where it takes any.
    """

    max_length: int | None = None
    pad_token: str | None = None
    pad_id: int | None = None
    left_padding: bool = False
    types: bool = True


def read_limits(folder: Path) -> Limits:
    """Read the files in the folder of an artifact; none of them is required.

    Raises
    ------
    InferenceError
        A file is broken.
    """
    tokenizer, config = read_object(folder / "tokenizer_config.json"), read_object(folder / "config.json")
    limits = (tokenizer.get("model_max_length"), _positions(config))
    known = [int(limit) for limit in limits if isinstance(limit, int | float) and 0 < limit < _UNLIMITED]
    pad, feeds = config.get("pad_token_id"), tokenizer.get("model_input_names")
    return Limits(
        max_length=min(known, default=None),
        pad_token=token_text(tokenizer.get("pad_token")),
        pad_id=pad if isinstance(pad, int) else None,
        left_padding=tokenizer.get("padding_side") == "left",
        types=not isinstance(feeds, list) or "token_type_ids" in feeds,
    )


def _positions(config: dict[str, JSON]) -> JSON:
    """Tokens that the position embeddings are for: some families count from behind the padding's own position."""
    most, pad = config.get("max_position_embeddings"), config.get("pad_token_id")
    if config.get("model_type") in _POSITIONS_AFTER_PADDING and isinstance(most, int):
        return most - (pad if isinstance(pad, int) else 1) - 1
    return most
