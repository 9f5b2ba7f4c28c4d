"""Texts to sequences of tokens as the model expects them, each within a length; longer texts become several.

Knows nothing of what is done with the sequences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.errors import UsageError
from hub_distill.kinds import Kind
from hub_distill.loading import Tokenizer
from hub_distill.texts import Ids, Text

__all__ = ["Windows", "hiding", "refuse_other_tokens", "render"]

_UNLIMITED = 1 << 20  # transformers writes an astronomic number where a tokenizer has no limit


class Windows:
    """Cuts texts into sequences.

    Parameters
    ----------
    most
        Tokens of a sequence, special ones included; fewer where model or tokenizer take fewer.
    """

    def __init__(self, tokenizer: Tokenizer, config: Mapping[str, Any], most: int) -> None:
        said = [config.get("max_position_embeddings"), tokenizer.model_max_length]
        limits = [limit for limit in said if isinstance(limit, int) and 0 < limit < _UNLIMITED]
        self.length = min([most, *limits])
        self._tokenizer = tokenizer
        self._names = tuple(name for name in ("input_ids", "token_type_ids") if name in tokenizer.model_input_names)

    def __call__(self, text: Text) -> list[Ids]:
        """Sequences of a text; of a pair, one that is cut."""
        first, second = (text, None) if isinstance(text, str) else text
        found = self._tokenizer(
            first,
            second,
            truncation=True,
            max_length=self.length,
            return_overflowing_tokens=second is None and self._tokenizer.is_fast,
            verbose=False,
        )
        columns = {name: found[name] for name in ("input_ids", *self._names[1:])}
        if not columns["input_ids"] or isinstance(columns["input_ids"][0], int):
            columns = {name: [values] for name, values in columns.items()}
        rows = range(len(columns["input_ids"]))
        return [{name: tuple(values[row]) for name, values in columns.items()} for row in rows]


def render(tokenizer: Tokenizer, messages: list[Any]) -> str:
    """A conversation as the model reads it; a line for each turn where it has no template."""
    if getattr(tokenizer, "chat_template", None):
        return str(tokenizer.apply_chat_template(messages, tokenize=False))
    return "\n".join(str(message["content"]) for message in messages)


def hiding(tokenizer: Tokenizer, kind: Kind) -> int | None:
    """Id of the token that stands for a hidden one, where the kind of model learns from hidden tokens.

    Raises
    ------
    UsageError
        It needs one and has none.
    """
    if not kind.masks:
        return None
    if tokenizer.mask_token_id is None:
        raise UsageError(
            "the tokenizer has no token that stands for a hidden one, so that it is no model that fills in"
        )
    return int(tokenizer.mask_token_id)


def refuse_other_tokens(ours: Tokenizer, theirs: Tokenizer, role: str) -> None:
    """Refuse a model whose ids mean other tokens.

    Raises
    ------
    UsageError
        With a token that differs.
    """
    mine, other = ours.get_vocab(), theirs.get_vocab()
    if mine == other:
        return
    token = min(token for token in mine.keys() | other.keys() if mine.get(token) != other.get(token))
    raise UsageError(
        f"the {role} has another tokenizer: '{token}' is {other.get(token)} there and {mine.get(token)} here",
        hint="Take two models with the same tokenizer.",
    )
