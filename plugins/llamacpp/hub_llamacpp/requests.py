"""Turns a `Chat` into the body that llama.cpp's server takes, with every field of sampling in it.

Knows nothing of running models. Fields: https://github.com/ggml-org/llama.cpp/tree/master/tools/server
"""

from __future__ import annotations

import secrets

from hub.errors import OptionError
from hub.runtime.protocols import Chat, Sampling
from hub.types import JSON

__all__ = ["chat_body", "sampling_fields"]

# What `Sampling` does not have is switched off: the runtime's own defaults would otherwise hold unseen.
_OFF: dict[str, JSON] = {
    "min_p": 0.0,
    "typical_p": 1.0,
    "top_n_sigma": -1.0,
    "xtc_probability": 0.0,
    "xtc_threshold": 0.1,
    "dynatemp_range": 0.0,
    "dynatemp_exponent": 1.0,
    "repeat_penalty": 1.0,
    "repeat_last_n": 0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "dry_multiplier": 0.0,
    "mirostat": 0,
    "min_keep": 0,
    "n_probs": 0,
    "n_keep": 0,
    "ignore_eos": False,
    "logit_bias": [],
    "t_max_predict_ms": 0,
}


def sampling_fields(sampling: Sampling) -> dict[str, JSON]:
    """Every field by which llama.cpp chooses the next token.

    The order is that of transformers and of the papers: the temperature shapes the distribution, top-k and then
    top-p cut it. At temperature 0 the likeliest token is taken.
    """
    greedy = sampling.temperature <= 0
    return {
        **_OFF,
        "samplers": ["top_k"] if greedy else ["temperature", "top_k", "top_p"],
        "temperature": sampling.temperature,
        "top_k": 1 if greedy else sampling.top_k,
        "top_p": 1.0 if greedy else sampling.top_p,
        "seed": secrets.randbelow(2**32 - 1) if sampling.seed is None else sampling.seed % (2**32 - 1),
        "n_predict": -1 if sampling.max_tokens is None else sampling.max_tokens,
    }


def chat_body(request: Chat, *, reuse: bool) -> dict[str, JSON]:
    """Body for the chat handler, or for the completion handler where the request is a plain prompt.

    Parameters
    ----------
    reuse
        Whether the evaluated start of an earlier prompt may be used again.

    Raises
    ------
    OptionError
        A plain prompt with a schema: where llama.cpp cannot follow a schema it completes without it, and says nothing.
    """
    if request.prompt is not None and request.schema is not None:
        raise OptionError("a schema needs a conversation: llama.cpp does not check it when it completes a plain prompt")
    body: dict[str, JSON] = {
        **sampling_fields(request.sampling),
        "stop": list(request.stop),
        "cache_prompt": reuse,
        "stream": True,
        "stream_options": {"include_usage": True},
        "timings_per_token": True,  # counts for an answer that is stopped
        "return_progress": True,  # a long prompt calls back between batches, so that Ctrl-C is heard
    }
    if request.prompt is not None:
        body["prompt"] = request.prompt
    else:
        body["messages"] = [{"role": turn["role"], "content": turn["content"]} for turn in request.messages]
    if request.schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"schema": dict(request.schema)}}
    return body
