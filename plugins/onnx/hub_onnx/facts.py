"""What can be told of an ONNX variant before it is downloaded: which file is the graph, and the memory that it takes.

Knows facts alone; reads no file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import PurePosixPath

from hub.types import Estimate, Facts, OptionValue

__all__ = ["GENAI", "accepts", "graph_of", "memory"]

GENAI = "genai_config.json"
"""What tells a decoder with a KV cache from other graphs."""

_ROWS, _TOKENS = 32, 256  # the batch that a call is expected to bring
_F32 = 4
_RUNTIME = 60_000_000  # the process and the library, as measured


def accepts(facts: Facts, verb: str) -> str | None:
    """Why these weights cannot be opened for the verb, or `None`."""
    if verb == "generate":
        if not any(file.path == GENAI for file in facts.files):
            return f"tokens are generated from graphs with a {GENAI} alone"
        if find_spec("onnxruntime_genai") is None:
            return "onnxruntime-genai is not installed: pip install 'openmodelhub-onnx[genai]'"
    for part, paths in facts.parts.items():
        try:
            graph_of(paths)
        except ValueError as error:
            return f"part '{part}': {error}" if part else str(error)
    return None


def graph_of(paths: Sequence[str]) -> str:
    """The one file that is the graph; the others hold its tensors and lie beside it.

    Raises
    ------
    ValueError
        There is none, or which one is meant cannot be told.
    """
    graphs = [path for path in paths if path.endswith(".onnx")]
    if len(graphs) > 1:
        graphs = [path for path in graphs if PurePosixPath(path).name == "model.onnx"] or graphs
    if not graphs:
        raise ValueError("there is no .onnx file")
    if len(graphs) > 1:
        raise ValueError(f"there are several graphs: {', '.join(sorted(graphs))}")
    return graphs[0]


def memory(facts: Facts, options: Mapping[str, OptionValue]) -> Estimate:
    """Bytes for the weights, and for the activations of a batch of 32 texts of 256 tokens where the config tells sizes.

    A decoder with a KV cache keeps keys and values of its context, in 32 bits, and computes one sequence at a time.

    A transformer layer holds about six hidden states, three of the inner width and two maps of attention at its peak;
    that comes within a tenth of what was measured on MiniLM.
    """
    width, inner, heads = (_number(facts, key) for key in ("hidden_size", "intermediate_size", "num_attention_heads"))
    tokens = min(_TOKENS, _number(facts, "max_position_embeddings") or _TOKENS)
    if any(file.path == GENAI for file in facts.files):
        return Estimate(weights=facts.size, cache=_cache(facts, options), working=_RUNTIME + facts.size // 10)
    per_token = _F32 * (6 * width + 3 * (inner or 4 * width) + 2 * heads * tokens)
    return Estimate(weights=facts.size, working=_ROWS * tokens * per_token + _RUNTIME)


def _number(facts: Facts, name: str) -> int:
    value = facts.config.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _cache(facts: Facts, options: Mapping[str, OptionValue]) -> int:
    """Bytes of keys and values for the whole context."""
    layers, heads, width = (_number(facts, key) for key in ("num_hidden_layers", "num_attention_heads", "hidden_size"))
    shared = _number(facts, "num_key_value_heads") or heads
    size = _number(facts, "head_dim") or (width // heads if heads else 0)
    wanted = options.get("context_length")
    context = wanted if isinstance(wanted, int) else _number(facts, "max_position_embeddings")
    return 2 * _F32 * layers * shared * size * context
