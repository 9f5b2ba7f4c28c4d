"""What of a model is distilled, by its task: which Auto class of transformers opens it, and what it gives to compare.

Names alone, no library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A sort of model.

    Parameters
    ----------
    auto
        Name of the class in transformers.
    logits
        What a row of logits is about: a `token`, a whole `text`, or nothing where hidden states are the answer.
    generates
        Whether it says the next token, so that the text itself has labels.
    masks
        Whether it learns from texts in which tokens are hidden.
    """

    auto: str
    logits: Literal["", "token", "text"]
    generates: bool = False
    masks: bool = False


_BASE = Kind(auto="AutoModel", logits="")
_TEXT = Kind(auto="AutoModelForSequenceClassification", logits="text")

KINDS: Mapping[str, Kind] = {
    "feature-extraction": _BASE,
    "fill-mask": Kind(auto="AutoModelForMaskedLM", logits="token", masks=True),
    "sentence-similarity": _BASE,
    "text-classification": _TEXT,
    "text-generation": Kind(auto="AutoModelForCausalLM", logits="token", generates=True),
    "text-ranking": _TEXT,
    "token-classification": Kind(auto="AutoModelForTokenClassification", logits="token"),
    "zero-shot-classification": _TEXT,
}
"""Task to kind."""
