"""How much memory a model is expected to take when its backend does not say.

Knows nothing of plans, or of what is free: that is `hub.memory`.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.memory import DEFAULT_CONTEXT, kv_cache
from hub.runtime.references.facts import weights_size
from hub.types import Estimate, Facts

__all__ = ["default_estimate"]

LEAST_WORKING = 64 << 20


def default_estimate(facts: Facts, options: Mapping[str, object], verb: str) -> Estimate:
    """Expect what most runtimes take: the weights once, a 16-bit KV cache, a tenth more to work with.

    The working memory is a rule of thumb; a backend that knows better has a `memory` function.
    """
    weights = weights_size(facts)
    cache = 0
    if verb in {"chat", "generate"}:
        context = _number(options.get("context_length")) or _number(facts.config.get("max_position_embeddings"))
        cache = kv_cache(facts.config, context or DEFAULT_CONTEXT)
    return Estimate(weights=weights, cache=cache, working=max(weights // 10, LEAST_WORKING))


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0
