"""Which tokens end an answer, from what the model's own files say. Reads no weights."""

from __future__ import annotations

from pathlib import Path

from hub_text.files import integers, read_object, token_text
from hub_text.generation.template import ChatTemplate
from hub_text.tokenization import TextTokenizer

__all__ = ["read_ends"]


def read_ends(folder: Path, tokenizer: TextTokenizer, template: ChatTemplate | None) -> tuple[int, ...]:
    """Ids that end an answer.

    Those of `generation_config.json`, or else of `config.json`; the tokenizer's `eos_token`; and the special token that
    the chat template puts behind an assistant's message, which base configurations often leave out.
    """
    config = read_object(folder / "config.json")
    inner = config.get("text_config")
    found = set(
        integers(read_object(folder / "generation_config.json").get("eos_token_id"))
        or integers(config.get("eos_token_id"))
        or integers(inner.get("eos_token_id") if isinstance(inner, dict) else None)
    )
    named = token_text(read_object(folder / "tokenizer_config.json").get("eos_token"))
    found.add(tokenizer.id_of(named) if named else -1)
    found.add(_turn_end(tokenizer, template.ending().lstrip() if template else ""))
    return tuple(sorted(token for token in found if token >= 0))


def _turn_end(tokenizer: TextTokenizer, ending: str) -> int:
    """Id of the special token that a text begins with; -1 where it begins otherwise."""
    first = next(iter(tokenizer.ids(ending, special=False)), -1) if ending else -1
    return first if tokenizer.is_added(first) else -1
