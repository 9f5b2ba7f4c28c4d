"""`predict` of every compression here: facts after it, or why it cannot be applied. Reads no file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from hub.types import Facts, OptionValue
from hub_quantize.facts import graph_of, shrunk

__all__ = [
    "GGUF_BITS",
    "gguf",
    "gguf_half",
    "half",
    "onnx_int4_blocks",
    "onnx_int8",
    "onnx_int8_blocks",
    "openvino_int4",
    "openvino_int8",
]

GGUF_BITS = {"q4_0": 4.5, "q4_1": 5.0, "q5_0": 5.5, "q5_1": 6.0, "q8_0": 8.5}
"""Bits of a weight in each GGUF type, the scales of its blocks of 32 included."""

_SCALE = 4  # bytes of a scale
_BYTE = 1.02  # 8 bits, with the scale of a channel


def onnx_int8(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:
    """A byte for each weight; tables of embeddings only if asked."""
    return _fault(facts, ".onnx") or shrunk(facts, linear=_BYTE, tables=_tables(options), bits=8)


def onnx_int8_blocks(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:
    """A byte for each weight, and a scale for each block."""
    return _blocks(facts, options, 8)


def onnx_int4_blocks(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:
    """Half a byte for each weight, and a scale and a zero point for each block."""
    return _blocks(facts, options, 4)


def _blocks(facts: Facts, options: Mapping[str, OptionValue], bits: int) -> Facts | str:
    each = bits / 8 + (_SCALE + 1) / int(str(options["block_size"]))
    return _fault(facts, ".onnx") or shrunk(facts, linear=each, tables=_tables(options), bits=bits)


def openvino_int8(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:  # noqa: ARG001 - as the contract calls it
    """A byte for each weight."""
    return _fault(facts, ".xml") or shrunk(facts, linear=_BYTE, tables=_BYTE, bits=8)


def openvino_int4(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:
    """Half a byte for the share `ratio` of the matrices, a byte for the rest and for tables."""
    group, ratio = int(str(options["group_size"])), float(str(options["ratio"]))
    each = ratio * (0.5 + (2.5 / group if group > 0 else 0)) + (1 - ratio) * _BYTE
    return _fault(facts, ".xml") or shrunk(facts, linear=each, tables=_BYTE, bits=4)


def half(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:  # noqa: ARG001 - as above
    """Two bytes for each weight."""
    suffix = {"onnx": ".onnx", "openvino": ".xml"}.get(facts.format)
    return (_fault(facts, suffix) if suffix else "") or shrunk(facts, linear=2, tables=2, bits=16)


def gguf(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:
    """The bits of the GGUF type for each weight, and 8 for tables."""
    bits, eight = GGUF_BITS[str(options["type"])], GGUF_BITS["q8_0"]
    return _gguf_fault(facts) or shrunk(facts, linear=bits / 8, tables=eight / 8, bits=int(bits))


def gguf_half(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:  # noqa: ARG001 - as above
    """Two bytes for each weight."""
    return _gguf_fault(facts) or shrunk(facts, linear=2, tables=2, bits=16)


def _tables(options: Mapping[str, OptionValue]) -> float | None:
    return _BYTE if options.get("embeddings") else None


def _fault(facts: Facts, suffix: str) -> str:
    for part, paths in facts.parts.items():
        if not paths:
            continue  # what a converter will make is not named yet
        try:
            graph_of(paths, suffix)
        except ValueError as error:
            return f"part '{part}': {error}" if part else str(error)
    return ""


def _gguf_fault(facts: Facts) -> str:
    for paths in facts.parts.values():
        if any(re.search(r"-\d{5}-of-\d{5}\.gguf$", path) for path in paths):
            return "a GGUF model that is split into several files is not taken: merge it first"
        if len([path for path in paths if PurePosixPath(path).suffix == ".gguf"]) > 1:
            return f"there are several GGUF files: {', '.join(paths)}"
    return ""
