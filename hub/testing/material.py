"""What fixtures are made of, where they bring no runtime: weights in a file, tokenizers, sessions of a few lines.

Knows nothing of what is checked on them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hub.runtime.protocols import Delta, Emit, Generate, Generated, Session, Tensor
from hub.types import JSON

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["TOKENS", "Computed", "byte_letters", "generated", "word_tokenizer", "write_safetensors"]

TOKENS = tuple(Tensor(name=n, dtype="int64", shape=("batch", "sequence")) for n in ("input_ids", "attention_mask"))
"""Inputs of encoders and decoders."""

_DTYPES = {"float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "int8": "I8", "uint8": "U8"}


class Computed(Session):
    """A session that a function answers.

    Parameters
    ----------
    answer
        `(feeds) -> outputs`, both by name; called from one thread at a time.
    inputs, outputs
        What goes in and comes out.
    """

    def __init__(
        self,
        answer: Callable[[Mapping[str, Array]], Mapping[str, Array]],
        *,
        outputs: Sequence[Tensor],
        inputs: Sequence[Tensor] = TOKENS,
    ) -> None:
        self._answer = answer
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str] | None = None) -> dict[str, Array]:
        """Tensors in, tensors out."""
        return dict(self._answer(feeds))


def generated(request: Generate, emit: Emit, says: Callable[[int], Iterable[int]]) -> list[Generated]:
    """Continue each prompt as a runtime does: until an end, the limit, or a caller who wants no more.

    Parameters
    ----------
    says
        `(index) -> token ids` that follow the prompt at that place of the request; ids that run out are a limit.
    """
    return [_continued(request, emit, index, says(index)) for index in range(len(request.prompts))]


def _continued(request: Generate, emit: Emit, index: int, says: Iterable[int]) -> Generated:
    ids: list[int] = []
    finish = "length"
    for token in islice(says, request.sampling.max_tokens):
        if token in request.eos:
            finish = "stop"
            break
        ids.append(token)
        if emit(Delta(index=index, ids=(token,))):
            finish = "cancelled"
            break
    return Generated(ids=tuple(ids), finish=finish, prompt_tokens=len(request.prompts[index]))


def byte_letters() -> list[str]:
    """Give the letter of each of the 256 bytes, as GPT-2 and all tokenizers of bytes after it spell them."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def word_tokenizer(words: Sequence[str], *, unknown: str, special: Sequence[str] = ()) -> dict[str, JSON]:
    """Give the content of a `tokenizer.json` of whole words between blanks; the id of a word is its place.

    Parameters
    ----------
    unknown
        The one of the words that stands for all others.
    special
        Those of the words that are found wherever they stand, and left out of text.
    """
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    ids: dict[str, JSON] = {word: place for place, word in enumerate(words)}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": ids[word], "content": word, **flags} for word in special],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": ids, "unk_token": unknown},
    }


def write_safetensors(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays without the library, in the order in which they are given.

    References
    ----------
    https://github.com/huggingface/safetensors#format
    """
    head: dict[str, JSON] = {}
    body = b""
    for name, array in arrays.items():
        place: list[JSON] = [len(body), len(body) + array.nbytes]
        head[name] = {"dtype": _DTYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": place}
        body += array.astype(array.dtype.newbyteorder("<")).tobytes()
    text = json.dumps(head).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
