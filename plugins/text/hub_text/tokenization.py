"""Texts to token ids and back, with the model's `tokenizer.json`. The one module that imports `tokenizers`.

Truncation and padding that were left inside `tokenizer.json` are switched off: they come from somebody's training run
and not from the model. Knows nothing of batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Encoding, Tokenizer

from hub.errors import InferenceError

__all__ = ["Encoding", "Text", "TextTokenizer"]

Text = str | tuple[str, str]
"""A text, or two that the model reads together."""


class TextTokenizer:
    """A tokenizer that never cuts unless told to. Safe from several threads."""

    def __init__(self, path: Path) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises Exception itself
            raise InferenceError(f"{path} cannot be read: {error}") from error
        padding = self._tokenizer.padding
        self._file_pad_id = int(padding["pad_id"]) if padding else None
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._added = self._tokenizer.get_added_tokens_decoder()

    def encode(self, texts: Sequence[Text], *, offsets: bool = False) -> list[Encoding]:
        """Tokens of each text, special ones included, however long it is.

        Parameters
        ----------
        offsets
            Whether to find the place of each token in the text, which takes longer.
        """
        encode = self._tokenizer.encode_batch if offsets else self._tokenizer.encode_batch_fast
        found: list[Encoding] = encode(list(texts))
        return found

    def encode_cut(self, text: Text, length: int, *, first_only: bool = False) -> Encoding:
        """Tokens of the start of a text: at most `length`, special ones included.

        Of two texts the longer is cut, token by token, until both fit; the first alone with `first_only`.
        """
        first, *rest = (text,) if isinstance(text, str) else text
        bare = self._tokenizer.encode(first, add_special_tokens=False)
        if not rest:
            bare.truncate(max(0, length - self._tokenizer.num_special_tokens_to_add(is_pair=False)))
            return self._tokenizer.post_process(bare)
        other = self._tokenizer.encode(rest[0], add_special_tokens=False)
        room = max(0, length - self._tokenizer.num_special_tokens_to_add(is_pair=True))
        shorter = min(len(bare), len(other), room // 2)
        kept = room - len(other) if first_only else shorter if len(bare) <= len(other) else room - shorter
        bare.truncate(max(0, min(len(bare), kept)))
        other.truncate(max(0, room - len(bare)))
        return self._tokenizer.post_process(bare, other)

    def ids(self, text: str, *, special: bool = True) -> list[int]:
        """Ids of one text; `special` puts around it what the model wants around every text."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=special).ids
        return ids

    def decode(self, ids: Sequence[int], *, special: bool = False) -> str:
        """Text of ids, without special tokens unless told so."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=not special)
        return text

    def join(self, tokens: Sequence[str]) -> str:
        """Text of tokens as the vocabulary spells them."""
        decoder = self._tokenizer.decoder
        return str(decoder.decode(list(tokens))) if decoder is not None else " ".join(tokens)

    def id_of(self, token: str) -> int:
        """Id of a token, -1 where there is none."""
        found = self._tokenizer.token_to_id(token)
        return -1 if found is None else int(found)

    def token_of(self, token: int) -> str:
        """Spelling of an id in the vocabulary."""
        return str(self._tokenizer.id_to_token(token))

    def is_added(self, token: int) -> bool:
        """Whether an id is of a token that was added to the vocabulary, as special ones are."""
        return token in self._added

    @property
    def continues_words(self) -> bool:
        """Whether tokens inside a word are marked as such, as WordPiece does with `##`."""
        return bool(getattr(self._tokenizer.model, "continuing_subword_prefix", None))

    def pad_id(self, token: str | None, fallback: int | None) -> int:
        """Id to pad with: the named token's, else the file's own, else `fallback`, else 0. The mask hides it."""
        named = self._tokenizer.token_to_id(token) if token else None
        return next((found for found in (named, self._file_pad_id, fallback) if found is not None), 0)
