"""What can be told of weights before they are downloaded: which file is the graph, what cannot be opened, memory.

Knows facts and load options alone; reads no file. What estimates rest on was measured and is said where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from hub.types import Estimate, Facts, OptionValue

__all__ = [
    "DEFAULT_CONTEXT",
    "GGUF_FAMILIES",
    "GGUF_TYPES",
    "GGUF_WIDENED",
    "TOKENIZERS",
    "accepts",
    "context_of",
    "graph_of",
    "layout_fault",
    "memory",
    "paths_of",
    "type_fault",
    "type_of",
]

DEFAULT_CONTEXT = 4096
GGUF_FAMILIES = ("llama", "qwen2", "qwen3")
"""Architectures that the GGUF reader of OpenVINO GenAI builds."""

GGUF_TYPES = ("f16", "q8_0", "q4_0", "q6_k")
"""Types of tensors that the reader takes over as they are."""

GGUF_WIDENED = (
    "bf16", "q4_1", "q5_0", "q5_1", "q2_k", "q3_k", "q4_k", "q5_k", "iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s",
    "iq3_xxs", "iq3_s", "iq4_nl", "iq4_xs", "tq1_0", "tq2_0", "mxfp4",
)  # fmt: skip
"""Types that a conversion makes float16."""

_ROUNDED = ("q4_1", "q4_k")  # read, but with offsets rounded to whole steps; see the README for what that costs
_TYPE_IN_NAME = re.compile(
    r"(?:^|[-._])(i?q\d+(?:_[0-9a-z]+)*|tq\d_\d|bf16|f16|f32|fp16|fp32|mxfp4\w*)(?=[-.])", re.IGNORECASE
)
TOKENIZERS = ("openvino_tokenizer.xml", "openvino_detokenizer.xml")
_MAIN = ("openvino_model.xml", "model.xml", "model.onnx")
_ROWS, _TOKENS = 32, 256  # the batch that a call is expected to bring
_COPIES, _COPIES_OF_F16 = 2, 3  # weights as they were read, and as they were laid out for the processor; as measured
_LEAST_OF_F16 = 1.5  # bytes of a weight, where the table of words may have 8 bits
_WIDER = 1  # copies more where float16 is computed with as float32
_RUNTIME = 60_000_000  # the library itself, as measured
_SIZES = {"u8": 1.125, "bf16": 2, "f16": 2, "f32": 4}  # bytes of one key or value; u8 has a scale and an offset beside


def accepts(facts: Facts, verb: str) -> str | None:
    """Why these weights cannot be opened, or `None`."""
    if facts.format == "gguf":
        return _gguf_fault(facts, verb)
    if verb == "chat":
        return _chat_fault(facts)
    for part, paths in facts.parts.items():
        try:
            graph_of(paths)
        except ValueError as error:
            return f"part '{part}': {error}" if part else str(error)
    return None


def _gguf_fault(facts: Facts, verb: str) -> str | None:
    if verb != "chat":
        return "GGUF weights answer chats, and give no tensors"
    kind = type_of(facts)
    return layout_fault(facts) or (type_fault(kind) if kind else None)


def layout_fault(facts: Facts) -> str | None:
    """Why GenAI's GGUF reader does not build a model, whatever its tensors are."""
    if facts.task != "text-generation":
        return f"GGUF weights for {facts.task} are not read"
    if len(facts.parts) > 1 or any(len(paths) > 1 for paths in facts.parts.values()):
        return "a GGUF model of one file is read, and this one has several"
    if facts.family and facts.family not in GGUF_FAMILIES:
        return f"GGUF of '{facts.family}' is not read; known: {', '.join(GGUF_FAMILIES)}"
    return None


def type_of(facts: Facts) -> str:
    """The type that a GGUF file is named after, in lower case; empty where the name does not tell."""
    found = _TYPE_IN_NAME.findall(next((PurePosixPath(path).name for path in paths_of(facts)), ""))
    return str(found[-1]).lower() if found else ""


def type_fault(name: str) -> str | None:
    """Why tensors of a GGUF type, or the mix of them that a file is named after, are not opened."""
    kind = name.replace("fp16", "f16").replace("fp32", "f32")
    if kind in GGUF_TYPES:
        return None
    if kind.startswith(_ROUNDED):
        return f"the GGUF reader of OpenVINO GenAI rounds the offsets of {kind.upper()}, and the answers suffer"
    return f"the GGUF reader of OpenVINO GenAI does not read {kind.upper()}; it reads {_known()}"


def _known() -> str:
    return ", ".join(kind.upper() for kind in GGUF_TYPES)


def _chat_fault(facts: Facts) -> str | None:
    if facts.format != "openvino":
        return f"{facts.format} graphs give tensors, and answer no chat"
    if len(facts.parts) > 1:
        return "a language model of one part is opened"
    names = {PurePosixPath(file.path).name for file in facts.files}
    missing = [name for name in TOKENIZERS if name not in names]
    return f"a chat needs {' and '.join(missing)} beside the model" if missing else None


def paths_of(facts: Facts) -> list[str]:
    """The files that are weights; all files where no part says which they are."""
    return [path for paths in facts.parts.values() for path in paths] or [file.path for file in facts.files]


def graph_of(paths: Sequence[str]) -> str:
    """The one file that is the graph; tokenizers and files of weights lie beside it.

    Raises
    ------
    ValueError
        There is none, or which one is meant cannot be told.
    """
    graphs = [path for path in paths if path.endswith((".xml", ".onnx"))]
    graphs = [path for path in graphs if PurePosixPath(path).name not in TOKENIZERS]
    if len(graphs) > 1:
        graphs = [path for path in graphs if PurePosixPath(path).name in _MAIN] or graphs
    if not graphs:
        raise ValueError("there is no .xml or .onnx file")
    if len(graphs) > 1:
        raise ValueError(f"there are several graphs: {', '.join(sorted(graphs))}")
    return graphs[0]


def context_of(facts: Facts, options: Mapping[str, OptionValue]) -> int:
    """Tokens of context: what is wanted, else the default within what the model was trained for."""
    wanted = options.get("context_length")
    if isinstance(wanted, int):
        return wanted
    return min(DEFAULT_CONTEXT, _number(facts, "max_position_embeddings") or DEFAULT_CONTEXT)


def memory(facts: Facts, options: Mapping[str, OptionValue]) -> Estimate:
    """Bytes for weights, keys and values, and activations, where the config tells sizes.

    A transformer layer holds about six hidden states, three of the inner width and two maps of attention at its peak,
    and all layers share that memory. For a conversation it is a batch of the scheduler (256 tokens) and its logits.
    """
    width, inner, heads = (_number(facts, key) for key in ("hidden_size", "intermediate_size", "num_attention_heads"))
    per_token = 4 * (6 * width + 3 * (inner or 4 * width))
    tokens = min(_TOKENS, _number(facts, "max_position_embeddings") or _TOKENS)
    rows = 1 if facts.task == "text-generation" else _ROWS
    working = rows * tokens * (per_token + 4 * 2 * heads * tokens) + _RUNTIME
    if facts.task != "text-generation":
        return Estimate(weights=_COPIES * facts.size, working=working)
    working += 2 * 4 * _number(facts, "vocab_size") * tokens
    copies = _COPIES_OF_F16 + _WIDER * (options.get("precision") == "f32") if _is_f16(facts) else _COPIES
    values = 2 * _number(facts, "num_hidden_layers") * _shared_width(facts)
    kept = str(options.get("kv_cache") or ("f32" if options.get("precision") == "f32" else "u8"))
    slots = options.get("parallel")
    cache = int(values * _SIZES[kept] * context_of(facts, options)) * (slots if isinstance(slots, int) else 1)
    return Estimate(weights=copies * facts.size, cache=cache, working=working)


def _is_f16(facts: Facts) -> bool:
    """Whether matrices of a language model are float16. IR does not say so, but has as many bytes."""
    if facts.format == "gguf":
        return type_of(facts) in ("f16", "fp16")
    width = _number(facts, "hidden_size")
    layer = width * (2 * width + 2 * _shared_width(facts) + 3 * _number(facts, "intermediate_size"))
    count = _number(facts, "vocab_size") * width + _number(facts, "num_hidden_layers") * layer
    return 0 < count * _LEAST_OF_F16 < facts.size


def _shared_width(facts: Facts) -> int:
    """Keys of one token in one layer, and as many values."""
    heads = _number(facts, "num_attention_heads")
    head = _number(facts, "head_dim") or (_number(facts, "hidden_size") // heads if heads else 0)
    return (_number(facts, "num_key_value_heads") or heads) * head


def _number(facts: Facts, name: str) -> int:
    value = facts.config.get(name)
    return value if isinstance(value, int) and value > 0 else 0
