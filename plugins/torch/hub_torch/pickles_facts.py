"""What comes out of a pickle as safetensors, from facts alone. Imports no library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hub.types import Facts, OptionValue, WeightFile

__all__ = ["CONFIG", "predict"]

CONFIG = "config.json"


def predict(facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:  # noqa: ARG001 - the contract's
    """Facts of the same tensors in one safetensors file, or why they cannot be had."""
    weights = [path for paths in facts.parts.values() for path in paths]
    if len(weights) != 1:
        return f"one pickled file is read, and there are {len(weights)}"
    if "torch" not in facts.architectures and not any(file.path == CONFIG for file in facts.files):
        return "nothing says how to compute with them: there is no config.json, and no model plugin brings it"
    kept = tuple(file for file in facts.files if file.path not in weights)
    size = next((file.size for file in facts.files if file.path in weights), None)
    made = WeightFile(path="model.safetensors", size=size, sha256=None, sources=())
    if not any(file.path == CONFIG for file in kept):
        kept = (*kept, WeightFile(path=CONFIG, size=None, sha256=None, sources=()))
    return replace(facts, format="safetensors", files=(*kept, made), parts={"": (made.path,)})
