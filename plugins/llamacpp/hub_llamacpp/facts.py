"""What can be told of a GGUF variant before it is downloaded: whether it can be opened, and the memory it takes.

Knows facts and load options alone; what the estimate rests on was measured and is said where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.types import Estimate, Facts, OptionValue

__all__ = ["DEFAULT_CONTEXT", "accepts", "context_of", "memory", "rounded"]

DEFAULT_CONTEXT = 4096
_BATCH = 512
_STEP = 256
_F16 = 2
_F32 = 4
_RUNTIME = 60_000_000  # the process, the library's buffers and the decoded vocabulary, as measured


def accepts(facts: Facts, verb: str) -> str | None:
    """Why these weights cannot be opened, or `None`."""
    if len(facts.parts) > 1:
        return "llama.cpp opens models of one part"
    if verb == "embed" and facts.task not in ("feature-extraction", "sentence-similarity"):
        return f"weights for {facts.task} carry no pooling for embeddings"
    if verb == "chat" and facts.task == "feature-extraction":
        return "embedding weights cannot answer a chat"
    return None


def context_of(trained: int | None, wanted: int | None) -> int:
    """Tokens of context: what is wanted, else the default within what the model was trained for."""
    if wanted is not None:
        return wanted
    return min(DEFAULT_CONTEXT, trained or DEFAULT_CONTEXT)


def rounded(context: int) -> int:
    """Tokens that a cache for this context really holds: llama.cpp makes caches in steps of 256."""
    return -(-context // _STEP) * _STEP


def memory(facts: Facts, options: Mapping[str, OptionValue]) -> Estimate:
    """Bytes for the mapped weights, a 16-bit key-value cache for every slot, and one batch of activations."""
    wanted = options.get("context_length")
    context = context_of(_number(facts, "max_position_embeddings"), wanted if isinstance(wanted, int) else None)
    slots = options.get("parallel")
    width = _number(facts, "hidden_size") or 0
    heads = _number(facts, "num_attention_heads") or 1
    head_dim = _number(facts, "head_dim") or width // heads
    layers = _number(facts, "num_hidden_layers") or 0
    per_token = 2 * layers * (_number(facts, "num_key_value_heads") or heads) * head_dim * _F16
    cached = (
        0
        if facts.task == "feature-extraction"
        else per_token * rounded(context) * (slots if isinstance(slots, int) else 1)
    )
    rows = _BATCH * ((_number(facts, "vocab_size") or 0) + 4 * width + 2 * (_number(facts, "intermediate_size") or 0))
    return Estimate(weights=facts.size, cache=cached, working=rows * _F32 + _RUNTIME)


def _number(facts: Facts, name: str) -> int | None:
    value = facts.config.get(name)
    return value if isinstance(value, int) and value > 0 else None
