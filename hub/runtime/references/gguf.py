"""Reads the numbers that size a model from the head of a GGUF file, under their Hugging Face `config.json` names.

Follows the GGUF specification, versions 2 and 3 (ggml, docs/gguf.md). Reads no tensor. Trusts no length in the file.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from hub.errors import VerificationError
from hub.types import JSON

__all__ = ["read_gguf_config"]

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST_KEYS = 100_000
_LONGEST_TEXT = 2**24
_NAMES = {
    "block_count": "num_hidden_layers",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "context_length": "max_position_embeddings",
    "vocab_size": "vocab_size",
    "expert_count": "num_local_experts",
}


def read_gguf_config(path: Path) -> dict[str, JSON]:
    """`model_type` and the sizes of a GGUF file.

    Raises
    ------
    VerificationError
        The file is no GGUF file, or its head is damaged.
    """
    try:
        with path.open("rb") as stream:
            values = _values(stream)
    except (struct.error, ValueError, OverflowError) as error:
        raise VerificationError(f"{path} is not a readable GGUF file: {error}") from error
    family = values.get("general.architecture", "")
    config: dict[str, JSON] = {"model_type": family}
    for name, value in values.items():
        short = name.removeprefix(f"{family}.")
        if short in _NAMES and isinstance(value, int | float):
            config[_NAMES[short]] = value
    hidden, heads = config.get("hidden_size"), config.get("num_attention_heads")
    if isinstance(hidden, int) and isinstance(heads, int) and heads:
        config.setdefault("head_dim", hidden // heads)
    return config


def _values(stream: BinaryIO) -> dict[str, JSON]:
    magic, version = struct.unpack("<4sI", _exactly(stream, 8))
    if magic != b"GGUF":
        raise ValueError("it does not begin with GGUF")
    if version not in {2, 3}:
        raise ValueError(f"version {version} is not known")
    _, count = struct.unpack("<QQ", _exactly(stream, 16))
    if count > _MOST_KEYS:
        raise ValueError(f"it claims {count} keys")
    found: dict[str, JSON] = {}
    for _ in range(count):
        name = _text(stream)
        (kind,) = struct.unpack("<I", _exactly(stream, 4))
        if kind == _ARRAY:
            if name.startswith("tokenizer."):
                break  # sizes stand before the vocabulary, which is long
            _skip_array(stream)
        else:
            found[name] = _scalar(stream, kind)
    return found


def _scalar(stream: BinaryIO, kind: int) -> JSON:
    if kind == _STRING:
        return _text(stream)
    if kind not in _SCALARS:
        raise ValueError(f"type {kind} is not known")
    form = "<" + _SCALARS[kind]
    value: JSON = struct.unpack(form, _exactly(stream, struct.calcsize(form)))[0]
    return value


def _skip_array(stream: BinaryIO) -> None:
    kind, count = struct.unpack("<IQ", _exactly(stream, 12))
    if kind in _SCALARS:
        stream.seek(count * struct.calcsize("<" + _SCALARS[kind]), 1)
        return
    if kind != _STRING:
        raise ValueError(f"an array of type {kind} is not known")
    for _ in range(count):
        (length,) = struct.unpack("<Q", _exactly(stream, 8))
        stream.seek(length, 1)


def _text(stream: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", _exactly(stream, 8))
    if length > _LONGEST_TEXT:
        raise ValueError(f"a text claims {length} bytes")
    return _exactly(stream, length).decode("utf-8", "replace")


def _exactly(stream: BinaryIO, count: int) -> bytes:
    content = stream.read(count)
    if len(content) != count:
        raise ValueError("it ends in its head")
    return content
