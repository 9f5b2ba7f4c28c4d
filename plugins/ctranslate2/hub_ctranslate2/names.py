"""Names and shapes of Whisper's weights: as CTranslate2 keeps them, and as transformers does. Knows no files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from hub.errors import InferenceError
from hub_ctranslate2.binary import Array, Binary

__all__ = ["config_of", "tensors"]

_WHISPER = "WhisperSpec"
_MULTILINGUAL = 51_865  # tokens from which on a Whisper knows other languages than English


def config_of(binary: Binary) -> dict[str, Any]:
    """What `config.json` of transformers says of these weights.

    Raises
    ------
    InferenceError
        They are no Whisper, or quantized.
    """
    if binary.spec != _WHISPER:
        raise InferenceError(f"the weights are a {binary.spec}, and {_WHISPER} alone is turned into safetensors")
    held = binary.variables
    if any(name.endswith("weight_scale") for name in held):
        raise InferenceError(
            "the weights are quantized to 8 bits or less, which cannot be undone",
            hint="Take a variant in float16 or float32.",
        )
    embeddings = held["decoder/embeddings/weight"]
    vocabulary, width = embeddings.shape
    end = 50_257 if vocabulary >= _MULTILINGUAL else 50_256
    return {
        "architectures": ["WhisperForConditionalGeneration"],
        "model_type": "whisper",
        "d_model": width,
        "encoder_layers": _layers(held, "encoder"),
        "decoder_layers": _layers(held, "decoder"),
        "encoder_attention_heads": binary.number("encoder/num_heads"),
        "decoder_attention_heads": binary.number("decoder/num_heads"),
        "encoder_ffn_dim": held["encoder/layer_0/ffn/linear_0/weight"].shape[0],
        "decoder_ffn_dim": held["decoder/layer_0/ffn/linear_0/weight"].shape[0],
        "num_mel_bins": held["encoder/conv1/weight"].shape[1],
        "vocab_size": vocabulary,
        "max_source_positions": held["encoder/position_encodings/encodings"].shape[0],
        "max_target_positions": held["decoder/position_encodings/encodings"].shape[0],
        "num_hidden_layers": _layers(held, "encoder"),
        "activation_function": "gelu",
        "scale_embedding": bool(held["decoder/scale_embeddings"].reshape(-1)[0]),
        "tie_word_embeddings": _tied(held),
        "dtype": embeddings.dtype.name,
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "decoder_start_token_id": end + 1,
        "is_encoder_decoder": True,
        "use_cache": True,
    }


def tensors(binary: Binary) -> Iterator[tuple[str, Array]]:
    """Every tensor under the name that transformers gives it."""
    held = binary.variables
    for side in ("encoder", "decoder"):
        yield f"model.{side}.embed_positions.weight", held[f"{side}/position_encodings/encodings"]
        yield from _norm(held, f"{side}/layer_norm", f"model.{side}.layer_norm")
        for number in range(_layers(held, side)):
            yield from _layer(held, f"{side}/layer_{number}", f"model.{side}.layers.{number}", cross=side == "decoder")
    for name in ("conv1", "conv2"):
        yield from _linear(held, f"encoder/{name}", f"model.encoder.{name}")
    yield "model.decoder.embed_tokens.weight", held["decoder/embeddings/weight"]
    if not _tied(held):
        yield "proj_out.weight", held["decoder/projection/weight"]


def _layer(held: Mapping[str, Array], source: str, target: str, *, cross: bool) -> Iterator[tuple[str, Array]]:
    """The first linear layer holds queries, keys and values together; across, queries are apart. Keys have no bias."""
    own = f"{source}/self_attention"
    yield from _norm(held, f"{own}/layer_norm", f"{target}.self_attn_layer_norm")
    yield from _parts(held, f"{own}/linear_0", f"{target}.self_attn", ("q", "k", "v"))
    yield from _linear(held, f"{own}/linear_1", f"{target}.self_attn.out_proj")
    if cross:
        other = f"{source}/attention"
        yield from _norm(held, f"{other}/layer_norm", f"{target}.encoder_attn_layer_norm")
        yield from _linear(held, f"{other}/linear_0", f"{target}.encoder_attn.q_proj")
        yield from _parts(held, f"{other}/linear_1", f"{target}.encoder_attn", ("k", "v"))
        yield from _linear(held, f"{other}/linear_2", f"{target}.encoder_attn.out_proj")
    yield from _norm(held, f"{source}/ffn/layer_norm", f"{target}.final_layer_norm")
    yield from _linear(held, f"{source}/ffn/linear_0", f"{target}.fc1")
    yield from _linear(held, f"{source}/ffn/linear_1", f"{target}.fc2")


def _parts(held: Mapping[str, Array], source: str, target: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Array]]:
    weights = np.split(held[f"{source}/weight"], len(parts))
    biases = np.split(held[f"{source}/bias"], len(parts))
    for part, weight, bias in zip(parts, weights, biases, strict=True):
        yield f"{target}.{part}_proj.weight", weight
        if part != "k":
            yield f"{target}.{part}_proj.bias", bias


def _linear(held: Mapping[str, Array], source: str, target: str) -> Iterator[tuple[str, Array]]:
    yield f"{target}.weight", held[f"{source}/weight"]
    yield f"{target}.bias", held[f"{source}/bias"]


def _norm(held: Mapping[str, Array], source: str, target: str) -> Iterator[tuple[str, Array]]:
    yield f"{target}.weight", held[f"{source}/gamma"]
    yield f"{target}.bias", held[f"{source}/beta"]


def _layers(held: Mapping[str, Array], side: str) -> int:
    return len({name.split("/")[1] for name in held if name.startswith(f"{side}/layer_") and name.count("/") > 2})


def _tied(held: Mapping[str, Array]) -> bool:
    embeddings, projection = held["decoder/embeddings/weight"], held.get("decoder/projection/weight")
    return projection is None or projection is embeddings or bool(np.array_equal(embeddings, projection))
