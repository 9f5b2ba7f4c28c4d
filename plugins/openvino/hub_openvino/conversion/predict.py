"""What the step `openvino` makes of facts, or why it cannot. Reads no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hub.types import Facts, OptionValue, WeightFile
from hub_openvino.facts import GGUF_TYPES, TOKENIZERS, graph_of, layout_fault, paths_of, type_of

__all__ = ["graphs", "language_model"]

_GRAPH = ("openvino_model.xml", "openvino_model.bin")
_TOKENIZER = tuple(name.removesuffix("xml") + end for name in TOKENIZERS for end in ("xml", "bin"))
_HALF = 16
_USUAL = 4
_SCALES = 0.25  # bits that the scales of blocks add to each weight, at the least


def graphs(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:  # noqa: ARG001 - as the contract calls
    """Facts of an ONNX model as OpenVINO IR: two files for each part, as many bytes."""
    for paths in facts.parts.values():
        if paths:
            try:
                graph_of(paths)
            except ValueError as error:
                return str(error)
    return _made(facts, _GRAPH, facts.size)


def language_model(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:  # noqa: ARG001 - as above
    """Facts of a GGUF model as OpenVINO IR, its tokenizer beside it; types that become float16 take more bytes."""
    fault = layout_fault(facts)
    if fault:
        return fault
    kind = type_of(facts)
    if kind in ("f32", "fp32"):
        return "float32 weights would be rounded to float16, and a conversion keeps them: make them float16 first"
    return _made(facts, (*_GRAPH, *_TOKENIZER), round(facts.size * _growth(kind)))


def _growth(kind: str) -> float:
    """Bytes afterwards for one byte now, at the most: a type that is not taken over has as many bits as its digit."""
    if kind in GGUF_TYPES or kind in ("fp16", "bf16"):
        return 1
    bits = next((int(letter) for letter in kind if letter.isdigit()), _USUAL)
    return _HALF / (bits + _SCALES)


def _made(facts: Facts, names: tuple[str, ...], size: int) -> Facts:
    weights = set(paths_of(facts)) if facts.parts else set()
    assets = tuple(file for file in facts.files if file.path not in weights)
    parts = {part: tuple(f"{part}/{name}" if part else name for name in names) for part in facts.parts}
    made = tuple(
        WeightFile(path=path, size=None, sha256=None, sources=(), part=part)
        for part, paths in parts.items()
        for path in paths
    )
    return replace(facts, format="openvino", files=(*assets, *made), parts=parts, size=size)
