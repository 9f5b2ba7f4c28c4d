"""Where the parts of a layer are, by family: names of modules in transformers, no library.

Knows nothing of sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["AUTOS", "FAMILIES", "Layout"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Names below a base model, and below one of its layers.

    Parameters
    ----------
    stack
        The list of layers.
    query, key, value
        Projections into heads; `out` is the one back.
    widen
        Projections into feed-forward channels; `narrow` is the one back.
    attention_sum
        Module whose input is the residual with attention's output added.
    output_norm
        Norm whose input is the residual with the feed-forward output added; empty where that sum is the layer's
        output.
    head_dim
        Whether the config can say how wide a head is, so that there may be fewer of them.
    """

    stack: str
    query: str
    key: str
    value: str
    out: str
    widen: tuple[str, ...]
    narrow: str
    attention_sum: str
    output_norm: str
    head_dim: bool


_BERT = Layout(
    stack="encoder.layer",
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    out="attention.output.dense",
    widen=("intermediate.dense",),
    narrow="output.dense",
    attention_sum="attention.output.LayerNorm",
    output_norm="output.LayerNorm",
    head_dim=False,
)
_LLAMA = Layout(
    stack="layers",
    query="self_attn.q_proj",
    key="self_attn.k_proj",
    value="self_attn.v_proj",
    out="self_attn.o_proj",
    widen=("mlp.gate_proj", "mlp.up_proj"),
    narrow="mlp.down_proj",
    attention_sum="post_attention_layernorm",
    output_norm="",
    head_dim=True,
)

FAMILIES: Mapping[str, Layout] = {
    **dict.fromkeys(("bert", "camembert", "electra", "roberta", "xlm-roberta"), _BERT),
    **dict.fromkeys(("gemma", "llama", "mistral", "qwen2", "qwen3", "smollm3"), _LLAMA),
}
"""Family to the names of its parts."""

AUTOS: Mapping[str, str] = {
    "feature-extraction": "AutoModel",
    "fill-mask": "AutoModelForMaskedLM",
    "sentence-similarity": "AutoModel",
    "text-classification": "AutoModelForSequenceClassification",
    "text-generation": "AutoModelForCausalLM",
    "text-ranking": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "zero-shot-classification": "AutoModelForSequenceClassification",
}
"""Task to the class of transformers that opens its models."""
