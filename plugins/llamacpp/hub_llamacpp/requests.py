"""Turns a `Chat` into the body that llama.cpp's server takes, with every field of sampling in it.

Knows nothing of running models. Fields: https://github.com/ggml-org/llama.cpp/tree/master/tools/server
"""

from __future__ import annotations

import secrets
from typing import cast

from hub.errors import OptionError
from hub.runtime.protocols import Chat, Sampling
from hub.types import JSON, Message

__all__ = ["BATCH", "chat_body", "sampling_fields"]

BATCH = 512
"""Tokens of a prompt that are computed at once."""

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
    "dry_multiplier": 0.0,
    "mirostat": 0,
    "min_keep": 0,
    "n_probs": 0,
    "n_keep": 0,
    "ignore_eos": False,
    "t_max_predict_ms": 0,
}


def sampling_fields(sampling: Sampling, *, window: int = 0) -> dict[str, JSON]:
    """Every field by which llama.cpp chooses the next token.

    Parameters
    ----------
    window
        Tokens of the context, which penalties count.

    Notes
    -----
    The order is that of transformers and of the papers: the temperature shapes the distribution, top-k and then
    top-p cut it. At temperature 0 the likeliest token is taken. Bias and penalties come before all of that; penalties
    count the whole context, with the prompt in it.
    """
    greedy = sampling.temperature <= 0
    penalised = sampling.presence_penalty != 0 or sampling.frequency_penalty != 0
    choosing: list[JSON] = ["top_k"] if greedy else ["temperature", "top_k", "top_p"]
    return {
        **_OFF,
        "samplers": ["penalties", *choosing] if penalised else choosing,
        "repeat_last_n": window if penalised else 0,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "logit_bias": [[token, float(bias)] for token, bias in sampling.logit_bias.items()],
        "temperature": sampling.temperature,
        "top_k": 1 if greedy else sampling.top_k,
        "top_p": 1.0 if greedy else sampling.top_p,
        "seed": secrets.randbelow(2**32 - 1) if sampling.seed is None else sampling.seed % (2**32 - 1),
        "n_predict": -1 if sampling.max_tokens is None else sampling.max_tokens,
    }


def chat_body(request: Chat, *, reuse: bool, context: int) -> dict[str, JSON]:
    """Body for the chat handler, or for the completion handler where the request is a plain prompt.

    Parameters
    ----------
    reuse
        Whether the evaluated start of an earlier prompt may be used again.
    context
        Tokens that the context holds.

    Raises
    ------
    OptionError
        A plain prompt with a schema: where llama.cpp cannot follow a schema it completes without it, and says nothing.
    """
    if request.prompt is not None and request.schema is not None:
        raise OptionError("a schema needs a conversation: llama.cpp does not check it when it completes a plain prompt")
    body: dict[str, JSON] = {
        **sampling_fields(request.sampling, window=context),
        "stop": list(request.stop),
        "cache_prompt": reuse,
        "stream": True,
        "stream_options": {"include_usage": True},
        "timings_per_token": True,  # counts for an answer that is stopped
        "return_progress": _may_take_long(request),  # calls back between batches, so that Ctrl-C is heard
    }
    if request.top_logprobs is not None:
        body |= _told(request.top_logprobs, plain=request.prompt is not None)
    if request.prompt is not None:
        return {**body, "prompt": request.prompt}
    body["messages"] = [_turn(message) for message in request.messages]
    if request.tools:
        body["tools"] = [dict(tool) for tool in request.tools]
        body["tool_choice"] = request.tool_choice
        body["parallel_tool_calls"] = request.parallel_tool_calls
    if request.schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"schema": dict(request.schema)}}
    return body


def _may_take_long(request: Chat) -> bool:
    """Whether the prompt may take several batches: no token is less than a byte, and a picture is hundreds of them.

    What a template adds is not counted: at worst a batch more is computed before somebody is heard.
    """
    if request.tools or any("parts" in message for message in request.messages):
        return True
    texts = [request.prompt or "", *(message["content"] for message in request.messages)]
    return sum(len(text.encode(errors="replace")) for text in texts) > BATCH


def _told(most: int, *, plain: bool) -> dict[str, JSON]:
    """Fields that have probabilities told: of one likely token at least, else llama.cpp tells none at all."""
    return {"n_probs": max(1, most)} if plain else {"logprobs": True, "top_logprobs": max(1, most)}


def _turn(message: Message) -> dict[str, JSON]:
    """A turn as llama.cpp's templates take it: its content is the parts, where it has some."""
    turn = cast("dict[str, JSON]", dict(message))
    if parts := turn.pop("parts", None):
        turn["content"] = parts
    return turn
