"""What an export would give, and why a model cannot be exported: from facts alone, before anything is downloaded.

Reads no file and imports no library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.types import Facts, OptionValue, WeightFile

__all__ = ["DECODERS", "KINDS", "Kind", "predict_decoder", "predict_encoder"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """The Auto class of transformers that answers a task in one pass, and its outputs in order."""

    auto: str
    outputs: tuple[str, ...]


_LOGITS = ("logits",)
KINDS: Mapping[str, Kind] = {
    "audio-classification": Kind(auto="AutoModelForAudioClassification", outputs=_LOGITS),
    "feature-extraction": Kind(auto="AutoModel", outputs=("last_hidden_state",)),
    "fill-mask": Kind(auto="AutoModelForMaskedLM", outputs=_LOGITS),
    "image-classification": Kind(auto="AutoModelForImageClassification", outputs=_LOGITS),
    "question-answering": Kind(auto="AutoModelForQuestionAnswering", outputs=("start_logits", "end_logits")),
    "sentence-similarity": Kind(auto="AutoModel", outputs=("last_hidden_state",)),
    "text-classification": Kind(auto="AutoModelForSequenceClassification", outputs=_LOGITS),
    "text-ranking": Kind(auto="AutoModelForSequenceClassification", outputs=_LOGITS),
    "token-classification": Kind(auto="AutoModelForTokenClassification", outputs=_LOGITS),
    "zero-shot-classification": Kind(auto="AutoModelForSequenceClassification", outputs=_LOGITS),
}
"""Tasks that one pass through a model answers."""

DECODERS = (
    "ernie4_5",
    "gemma",
    "gemma2",
    "gemma3_text",
    "granite",
    "internlm2",
    "llama",
    "mistral",
    "nemotron",
    "olmo",
    "phi",
    "phi3",
    "qwen2",
    "qwen3",
    "smollm3",
)
"""Families of text decoders that the model builder of ONNX Runtime GenAI knows.
Source: https://github.com/microsoft/onnxruntime-genai/blob/main/src/python/py/models/builder.py"""

GENAI = "genai_config.json"
_F32 = 4


def predict_encoder(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:  # noqa: ARG001 - the contract's
    """Facts of the graph, or why there is none."""
    if facts.task not in KINDS:
        return f"a model for {facts.task} does not answer in one pass; the export of decoders is for those"
    if "torch" in facts.architectures or _has_config(facts):
        return _after(facts)
    return "there is no config.json, which says what the weights are"


def predict_decoder(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:  # noqa: ARG001 - as above
    """Facts of the graph with a KV cache, or why there is none."""
    if facts.task != "text-generation":
        return f"a graph with a KV cache is for text-generation, not for {facts.task}"
    if facts.family not in DECODERS:
        return f"family '{facts.family}' is none that ONNX Runtime GenAI builds: {', '.join(DECODERS)}"
    if not _has_config(facts):
        return "there is no config.json, which says what the weights are"
    return _after(facts, GENAI)


def _after(facts: Facts, *more: str) -> Facts:
    weights = {path for paths in facts.parts.values() for path in paths}
    assets = tuple(file for file in facts.files if file.path not in weights)
    added = tuple(WeightFile(path=name, size=None, sha256=None, sources=()) for name in more)
    parameters = facts.config.get("num_parameters")
    size = parameters * _F32 if isinstance(parameters, int) else _size_in_f32(facts)
    return Facts(
        task=facts.task,
        family=facts.family,
        format="onnx",
        files=(*assets, *added),
        parts=dict.fromkeys(facts.parts, ("model.onnx",)),
        size=size,
        config=facts.config,
    )


def _size_in_f32(facts: Facts) -> int:
    """Graphs are written in 32 bits: twice the bytes of weights that are stored in 16."""
    stored = facts.config.get("dtype", facts.config.get("torch_dtype"))
    return facts.size * (2 if stored in {"float16", "bfloat16"} else 1)


def _has_config(facts: Facts) -> bool:
    return any(file.path == "config.json" for file in facts.files)
