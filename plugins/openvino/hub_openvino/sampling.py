"""Turns `Sampling` into the fields of GenAI's `GenerationConfig`, every one by which it chooses a token.

Imports nothing of GenAI. Fields: https://docs.openvino.ai/2025/api/genai_api/api.html
"""

from __future__ import annotations

import secrets

from hub.runtime.protocols import Sampling

__all__ = ["OFF", "fields"]

_NO_TOP_K = 2**64 - 1

OFF: dict[str, float | int | bool] = {
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "no_repeat_ngram_size": 2**64 - 1,
    "num_beams": 1,
    "num_return_sequences": 1,
    "min_new_tokens": 0,
    "ignore_eos": False,
    "echo": False,
    "logprobs": 0,
    "apply_chat_template": False,
}
"""What `Sampling` does not have is switched off: the runtime's defaults, or the file's, would hold unseen."""


def fields(sampling: Sampling, limit: int) -> dict[str, float | int | bool]:
    """Fields by name.

    Parameters
    ----------
    limit
        Tokens that may come, by the request or because the context is full then.

    A seed that is missing is drawn. At temperature 0 the likeliest token is taken.
    """
    greedy = sampling.temperature <= 0
    return {
        **OFF,
        "do_sample": not greedy,
        "temperature": 1.0 if greedy else sampling.temperature,
        "top_p": 1.0 if greedy else sampling.top_p,
        "top_k": _NO_TOP_K if greedy or not sampling.top_k else sampling.top_k,
        "rng_seed": secrets.randbelow(2**32) if sampling.seed is None else sampling.seed,
        "max_new_tokens": limit,
    }
