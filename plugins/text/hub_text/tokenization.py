"""Texts to token ids, with the model's `tokenizer.json`. The one module that imports `tokenizers`.

Truncation and padding that were left inside `tokenizer.json` are switched off: they come from somebody's training run
and not from the model. Knows nothing of batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from hub.errors import InferenceError

__all__ = ["TextTokenizer"]


class TextTokenizer:
    """A tokenizer that never cuts unless told to. Safe from several threads.

    Attributes
    ----------
    special
        Tokens that are put around every text.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises Exception itself
            raise InferenceError(f"{path} cannot be read: {error}") from error
        padding = self._tokenizer.padding
        self._file_pad_id = int(padding["pad_id"]) if padding else None
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.special = int(self._tokenizer.num_special_tokens_to_add(is_pair=False))

    def encode(self, texts: Sequence[str]) -> list[tuple[list[int], list[int]]]:
        """Ids and type ids of each text, special tokens included, however long it is."""
        return [(found.ids, found.type_ids) for found in self._tokenizer.encode_batch_fast(list(texts))]

    def encode_cut(self, text: str, length: int) -> tuple[list[int], list[int]]:
        """Ids and type ids of the start of a text: at most `length` tokens, special tokens included."""
        bare = self._tokenizer.encode(text, add_special_tokens=False)
        bare.truncate(max(0, length - self.special))
        whole = self._tokenizer.post_process(bare)
        return whole.ids, whole.type_ids

    def pad_id(self, token: str | None, fallback: int | None) -> int:
        """Id to pad with: the named token's, else the file's own, else `fallback`, else 0. The mask hides it."""
        named = self._tokenizer.token_to_id(token) if token else None
        return next((found for found in (named, self._file_pad_id, fallback) if found is not None), 0)
