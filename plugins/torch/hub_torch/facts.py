"""What can be told of safetensors weights before they are downloaded: whether torch opens them, and the memory.

Knows facts alone; reads no weights and imports no torch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from hub.types import Estimate, Facts, OptionValue
from hub_torch.families import families
from hub_torch.processor import fast_bfloat16
from hub_torch.steps import DTYPES, QUANTIZED, bytes_per_weight, matrix_weights
from hub_torch.tasks import KINDS, verbs_of

__all__ = ["accepts", "dtype_asked", "memory", "stored_dtype"]

_NAMES = ("model.safetensors", "model.safetensors.index.json")
_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_ROWS, _TOKENS = 32, 256  # the batch that a call of `run` is expected to bring
_CONTEXT = 4096
_F32 = 4
_RUNTIME = 450_000_000  # the process with torch and transformers, as measured
_GPUS = (Path("/dev/nvidiactl"), Path("/dev/kfd"), Path("/System/Library/Frameworks/Metal.framework"))


def accepts(facts: Facts, verb: str) -> str | None:
    """Why these weights cannot be opened for the verb, or `None`."""
    kind = KINDS.get((facts.task, verb))
    if kind is None:
        verbs = verbs_of(facts.task)
        if verbs:
            return f"torch answers {facts.task} with {' or '.join(verbs)}, not with {verb}"
        return f"torch does not answer {facts.task or 'a model without a task'}"
    if "torch" in facts.architectures:
        return None
    if not facts.family:
        return "config.json names no model_type, by which transformers knows an architecture"
    known = families(kind.table)
    if known is not None and facts.family not in known:
        return _unknown(facts, verb, known)
    return next((reason for paths in facts.parts.values() if (reason := _misnamed(paths))), None)


def memory(facts: Facts, options: Mapping[str, OptionValue]) -> Estimate:
    """Bytes for weights, keys and values of each context, and what a call works with.

    A layer holds about six hidden states, three of the inner width and, for a short text, two maps of attention at its
    peak; a language model also the scores of one token in float32. Where weights are put into fewer bits, they are held
    as they were first.
    """
    stored = stored_dtype(facts) or "float32"
    used = _expected(dtype_asked(options, options), stored)
    whole = _weights(facts) * used // _BYTES[stored]
    weights = _quantized(facts, options, whole, used)
    loading = whole - weights  # weights are put into fewer bits after they were read
    width, inner, vocabulary = (_number(facts, name) for name in ("hidden_size", "intermediate_size", "vocab_size"))
    if facts.task == "text-generation":
        limit = options.get("context_length")
        context = limit if isinstance(limit, int) else _CONTEXT
        tokens = min(context, _number(facts, "max_position_embeddings") or context)
        per_token = used * (6 * width + 3 * (inner or 4 * width))
        slots = options.get("parallel")
        cache = tokens * _per_token_of_cache(facts) * used * (slots if isinstance(slots, int) else 1)
        working = max(tokens * per_token + 4 * vocabulary * _F32, loading - cache)
        return Estimate(weights=weights, cache=cache, working=working + _RUNTIME)
    tokens = min(_TOKENS, _number(facts, "max_position_embeddings") or _TOKENS)
    heads = _number(facts, "num_attention_heads")
    per_token = used * (6 * width + 3 * (inner or 4 * width) + 2 * heads * tokens)
    return Estimate(weights=weights, working=max(_ROWS * tokens * per_token, loading) + _RUNTIME)


def dtype_asked(options: Mapping[str, OptionValue], steps: Collection[str]) -> str:
    """The dtype of the last step that names one, else of the option."""
    named = [DTYPES[step] for step in steps if step in DTYPES]
    return named[-1] if named else str(options.get("dtype") or "auto")


def stored_dtype(facts: Facts) -> str | None:
    """The dtype that `config.json` says the weights have, where it says one that can be computed in."""
    said = facts.config.get("dtype") or facts.config.get("torch_dtype")
    return said if isinstance(said, str) and said in _BYTES else None


def _unknown(facts: Facts, verb: str, known: frozenset[str]) -> str:
    what = f"transformers has no architecture '{facts.family}' for {facts.task}"
    if "auto_map" in facts.config:
        return f"{what}; the model brings code of its own, which is not run"
    base = families("")
    if facts.task not in {"feature-extraction", "sentence-similarity"} and base is not None and facts.family in base:
        other = [task for (task, way), kind in KINDS.items() if facts.family in (families(kind.table) or ())]
        return f"{what} with {verb}; it has it for {', '.join(dict.fromkeys(other))}"
    near = get_close_matches(facts.family, known, n=1)
    return what + (f"; near to it is '{near[0]}'" if near else "")


def _misnamed(paths: tuple[str, ...]) -> str | None:
    """Transformers finds weights by their name. Those of a step that is not done yet have none."""
    if not paths or any(PurePosixPath(path).name in _NAMES for path in paths):
        return None
    return f"the weights are called {PurePosixPath(paths[0]).name}, and transformers looks for {_NAMES[0]}"


def _expected(asked: str, stored: str) -> int:
    """Bytes of an element. Which device it will be is not told: a GPU is taken to know 16-bit numbers."""
    if asked != "auto":
        return _BYTES[asked]
    if stored == "float32" or any(path.exists() for path in _GPUS):
        return _BYTES[stored]
    return _BYTES["bfloat16"] if stored == "bfloat16" and fast_bfloat16() else _F32


def _weights(facts: Facts) -> int:
    named = {path for paths in facts.parts.values() for path in paths}
    return sum(file.size or 0 for file in facts.files if file.path in named) or facts.size


def _quantized(facts: Facts, options: Mapping[str, OptionValue], whole: int, used: int) -> int:
    """Bytes of weights after the load step that puts those of linear layers into fewer bits, if there is one."""
    step = next((step for step in QUANTIZED if step in options), None)
    if step is None:
        return whole
    matrices = min(matrix_weights(facts), whole // used)
    return whole - round(matrices * (used - bytes_per_weight(step, options[step], used)))


def _per_token_of_cache(facts: Facts) -> int:
    """Keys and values of a token in all layers."""
    heads = _number(facts, "num_attention_heads")
    width = _number(facts, "head_dim") or (_number(facts, "hidden_size") // heads if heads else 0)
    return 2 * _number(facts, "num_hidden_layers") * (_number(facts, "num_key_value_heads") or heads) * width


def _number(facts: Facts, name: str) -> int:
    value = facts.config.get(name)
    return value if isinstance(value, int) and value > 0 else 0
