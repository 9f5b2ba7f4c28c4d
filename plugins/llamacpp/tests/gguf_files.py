"""Writes small GGUF files for the tests: the head alone, or a BERT encoder that llama.cpp opens."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

ALIGNMENT = 32
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9

Value = int | float | bool | str | Sequence[str] | Sequence[int]


def write(path: Path, values: Mapping[str, Value], tensors: Mapping[str, np.ndarray]) -> Path:
    """Write GGUF version 3 with 32-bit tensors."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    for name, value in values.items():
        kind, data = _value(value)
        head += _text(name) + struct.pack("<I", kind) + data
    offset, body = 0, b""
    for name, tensor in tensors.items():
        shape = tensor.shape[::-1]
        head += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
        body += _padded(tensor.astype("<f4").tobytes())
        offset = len(body)
    path.write_bytes(_padded(head) + body)
    return path


def write_bert(
    path: Path, config: Mapping[str, int], vocabulary: Sequence[str], tensors: Mapping[str, np.ndarray]
) -> Path:
    """Write a BERT encoder that pools by the mean; `tensors` carry Hugging Face names."""
    values: dict[str, Value] = {
        "general.architecture": "bert",
        "bert.block_count": config["num_hidden_layers"],
        "bert.context_length": config["max_position_embeddings"],
        "bert.embedding_length": config["hidden_size"],
        "bert.feed_forward_length": config["intermediate_size"],
        "bert.attention.head_count": config["num_attention_heads"],
        "bert.attention.layer_norm_epsilon": 1e-12,
        "bert.attention.causal": False,
        "bert.pooling_type": 1,
        "tokenizer.ggml.model": "bert",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.token_type_count": 2,
        "tokenizer.ggml.tokens": [_piece(token) for token in vocabulary],
        "tokenizer.ggml.token_type": [3 if _special(token) else 1 for token in vocabulary],
        "tokenizer.ggml.padding_token_id": vocabulary.index("[PAD]"),
        "tokenizer.ggml.unknown_token_id": vocabulary.index("[UNK]"),
        "tokenizer.ggml.bos_token_id": vocabulary.index("[CLS]"),
        "tokenizer.ggml.cls_token_id": vocabulary.index("[CLS]"),
        "tokenizer.ggml.eos_token_id": vocabulary.index("[SEP]"),
        "tokenizer.ggml.seperator_token_id": vocabulary.index("[SEP]"),
        "tokenizer.ggml.mask_token_id": vocabulary.index("[MASK]"),
    }
    named = {renamed: tensor for name, tensor in tensors.items() if (renamed := _bert_name(name))}
    return write(path, values, named)


def random_bert(path: Path, width: int = 32, layers: int = 2) -> Path:
    """Write an encoder of random weights, always the same."""
    words = ["a", "cat", "dog", "sits", "on", "the", "mat", "##s", ".", "food"]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    config = {
        "num_hidden_layers": layers,
        "max_position_embeddings": 64,
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_attention_heads": 4,
    }
    random = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(vocabulary), width),
        "embeddings.position_embeddings.weight": (64, width),
        "embeddings.token_type_embeddings.weight": (2, width),
    }
    for layer in range(layers):
        prefix = f"encoder.layer.{layer}."
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{prefix}{name}.weight": (width, width), f"{prefix}{name}.bias": (width,)}
        shapes |= {
            f"{prefix}intermediate.dense.weight": (2 * width, width),
            f"{prefix}intermediate.dense.bias": (2 * width,),
        }
        shapes |= {f"{prefix}output.dense.weight": (width, 2 * width), f"{prefix}output.dense.bias": (width,)}
    tensors = {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    norms = ["embeddings.LayerNorm"]
    norms += [f"encoder.layer.{i}.{place}output.LayerNorm" for i in range(layers) for place in ("attention.", "")]
    for name in norms:
        tensors |= {f"{name}.weight": np.ones(width, np.float32), f"{name}.bias": np.zeros(width, np.float32)}
    return write_bert(path, config, vocabulary, tensors)


_TOP = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
}
_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def _bert_name(name: str) -> str | None:
    stem, _, kind = name.rpartition(".")
    if stem in _TOP:
        return f"{_TOP[stem]}.{kind}"
    if not stem.startswith("encoder.layer."):
        return None
    number, _, rest = stem.removeprefix("encoder.layer.").partition(".")
    return f"blk.{number}.{_LAYER[rest]}.{kind}"


def _special(token: str) -> bool:
    return len(token) > 2 and token.startswith("[") and token.endswith("]")


def _piece(token: str) -> str:
    if _special(token):
        return token
    return token[2:] if token.startswith("##") else f"▁{token}"


def _value(value: Value) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return BOOL, struct.pack("<?", value)
    if isinstance(value, int):
        return UINT32, struct.pack("<I", value)
    if isinstance(value, float):
        return FLOAT32, struct.pack("<f", value)
    if isinstance(value, str):
        return STRING, _text(value)
    if isinstance(value[0], int):
        return ARRAY, struct.pack(f"<IQ{len(value)}i", INT32, len(value), *value)
    items = [_value(item) for item in value]
    return ARRAY, struct.pack("<IQ", items[0][0], len(items)) + b"".join(data for _, data in items)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)
