"""What comes out of a GGUF file as safetensors, from facts alone: architecture, files and size. Imports no library.

It is asked for whenever a plan meets a GGUF variant, so the architectures stand here and are not looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from hub.types import JSON, Facts, OptionValue, WeightFile

__all__ = ["FAMILIES", "FILES", "predict"]

_SAME = (
    *("bloom", "falcon", "gemma2", "gpt2", "lfm2", "llama", "mamba"),
    *("mistral", "nemotron", "phi3", "qwen2", "qwen3", "stablelm", "starcoder2"),
)
_OTHER = {
    "gemma3": "gemma3_text",
    "gemma4": "gemma4_text",
    "gpt-oss": "gpt_oss",
    "minimax-m2": "minimax_m2",
    "qwen2moe": "qwen2_moe",
    "qwen3moe": "qwen3_moe",
}
FAMILIES: Mapping[str, str] = {**{name: name for name in _SAME}, **_OTHER, **{name: name for name in _OTHER.values()}}
"""Architecture of a GGUF file, or family of its model, to the `model_type` of transformers."""

FILES = (
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
)
_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_SIXTEEN = re.compile(r"(?:^|[-._])b?f(?:p)?16(?=[-._]|$)", re.IGNORECASE)


def predict(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:
    """Facts of the weights in the Hugging Face layout, or why the file cannot be turned into them."""
    family = FAMILIES.get(facts.family)
    if facts.task != "text-generation":
        return f"transformers reads GGUF for text-generation, and this model does {facts.task or 'no task'}"
    if family is None:
        return f"transformers reads no GGUF file of architecture '{facts.family}'"
    weights = [path for paths in facts.parts.values() for path in paths]
    if len(weights) > 1:
        return f"the file is split into {len(weights)}, and transformers reads one: join them with gguf-split"
    dtype = _dtype(str(options.get("dtype") or "auto"), weights)
    size = _parameters(facts.config) * _BYTES[dtype] or facts.size * 8
    kept = tuple(file for file in facts.files if file.path not in weights)
    known = {file.path for file in kept}
    made = tuple(
        WeightFile(path=name, size=size if name == "model.safetensors" else None, sha256=None, sources=())
        for name in FILES
        if name not in known
    )
    return replace(
        facts,
        family=family,
        format="safetensors",
        files=(*kept, *made),
        parts={"": ("model.safetensors",)},
        size=size,
        config={**facts.config, "model_type": family, "dtype": dtype},
    )


def _dtype(asked: str, weights: list[str]) -> str:
    """What is written, as far as the name of the file tells: quantized numbers stay what they are in float32."""
    if asked != "auto":
        return asked
    found = _SIXTEEN.search(weights[0]) if weights else None
    if found is None:
        return "float32"
    return "bfloat16" if "b" in found[0].lower() else "float16"


def _parameters(config: Mapping[str, JSON]) -> int:
    """Parameters of a decoder with gated feed-forward layers, grouped attention and perhaps experts; 0 if unknown."""
    numbers = {name: value for name, value in config.items() if isinstance(value, int)}
    width, layers, heads = (
        numbers.get(name, 0) for name in ("hidden_size", "num_hidden_layers", "num_attention_heads")
    )
    if not (width and layers and heads):
        return 0
    head = numbers.get("head_dim") or width // heads
    pairs = numbers.get("num_key_value_heads") or heads
    inner = numbers.get("intermediate_size") or 4 * width
    experts = numbers.get("num_local_experts") or numbers.get("num_experts") or 1
    attention = 2 * width * head * (heads + pairs)
    words = numbers.get("vocab_size", 0) * width * (1 if config.get("tie_word_embeddings", True) else 2)
    return words + layers * (attention + 3 * width * inner * experts + 2 * width) + width
