"""Requests that any session must answer, or must refuse, for each verb.

Knows nothing of any runtime: feeds are made from the tensors that a session declares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.runtime.protocols import Chat, Emit, Generate, Sampling, Session, Tensor
from hub.runtime.sessions.relay import silent
from hub.types import Message, Part

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = [
    "CHAT",
    "FIELDS",
    "Answer",
    "ask",
    "ask_wrongly",
    "assert_same",
    "make_feeds",
    "short",
    "with_field",
    "without_limit",
]

FIELDS: Mapping[str, object] = {
    "max_tokens": 2,
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 5,
    "seed": 1,
    "stop": ("\n\n\n",),
    "schema": {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"]},
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "logit_bias": {0: -1.0},
    "tools": (
        {
            "type": "function",
            "function": {
                "name": "tell",
                "description": "Tell a number.",
                "parameters": {
                    "type": "object",
                    "properties": {"number": {"type": "integer"}},
                    "required": ["number"],
                    "additionalProperties": False,
                },
            },
        },
    ),
    "top_logprobs": 2,
    "images": (
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAKklEQVR42mM4oaFBU8QwasGoBaMWjFowasGoBaMWjFowasGoBaMWDBULABo2YD0ttAhSAAAAAElFTkSuQmCC",
    ),
    "eos": (0,),
    "suppress": (0,),
}
"""Request fields, each with a value that is not its default; `images` are what messages may hold."""

Answer = Any  # what the verb gives: tensors, ids, a reply or vectors
Request = Chat | Generate

TEXTS = ("A man is eating food.", "Someone is having a meal.", "x")
CHAT = Chat(messages=({"role": "user", "content": "Count from one to ten."},))
GENERATE = Generate(prompts=((1, 2, 3),))


def ask(session: Session, verb: str, request: Request | None = None, emit: Emit = silent) -> Answer:
    """Have a session answer: the given request, or one that every session of the verb must answer."""
    if verb == "run":
        return session.run(make_feeds(session.inputs))
    if verb == "embed":
        return session.embed(TEXTS)
    request = request or short(session, verb)
    return session.chat(request, emit) if isinstance(request, Chat) else session.generate(request, emit)


def short(session: Session, verb: str) -> Request:
    """A greedy request for few tokens, where the session honours a limit."""
    limit = Sampling(max_tokens=12) if "max_tokens" in session.honours else Sampling()
    return replace(without_limit(session, verb), sampling=limit)


def without_limit(session: Session, verb: str) -> Request:
    """A greedy request that goes on until the model ends; an encoder gets feeds, its decoder the id that starts it."""
    if verb == "chat":
        return CHAT
    if not session.inputs:
        return GENERATE
    start = session.metadata.get("decoder_start_token_id")
    prompt = (start,) if isinstance(start, int) else (1,)
    return Generate(prompts=(prompt,), feeds=make_feeds(session.inputs, size=1))


def with_field(request: Request, name: str, value: object) -> Request | None:
    """The request with a field changed; `None` where this kind of request has no such field."""
    change: dict[str, Any] = {name: value}  # Any: each field has its own type
    if name == "images":
        return _with_images(request, value) if isinstance(request, Chat) else None
    if hasattr(request.sampling, name):
        return replace(request, sampling=replace(request.sampling, **change))
    return replace(request, **change) if hasattr(request, name) else None


def _with_images(request: Chat, urls: object) -> Chat:
    assert isinstance(urls, tuple)
    turn = request.messages[-1]
    pictures: list[Part] = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    shown: Message = {**turn, "parts": [{"type": "text", "text": turn["content"]}, *pictures]}
    return replace(request, messages=(*request.messages[:-1], shown))


def ask_wrongly(session: Session, verb: str) -> None:
    """Ask something that must be refused as the caller's mistake."""
    if verb == "run":
        session.run({})
    elif verb == "embed":
        session.embed([])
    elif verb == "chat":
        session.chat(Chat(), silent)
    else:
        session.generate(Generate(prompts=()), silent)


def make_feeds(inputs: Sequence[Tensor], size: int = 2, seed: int = 0) -> dict[str, Array]:
    """Small feeds that fit: ones for integers and booleans, numbers from 0 to 1 for the rest.

    With a seed, ids of tokens are 1 to 3, as in prompts: what is computed of one token alone shows no loss.
    """
    generator = np.random.default_rng(seed)
    feeds: dict[str, Array] = {}
    for tensor in inputs:
        shape = tuple(dim if isinstance(dim, int) else size for dim in tensor.shape)
        if tensor.dtype == "str":
            feeds[tensor.name] = np.full(shape, "a", dtype=object)
        elif tensor.name == "input_ids" and seed:
            feeds[tensor.name] = generator.integers(1, 4, shape).astype(tensor.dtype)
        elif np.dtype(tensor.dtype).kind in "biu":
            feeds[tensor.name] = np.ones(shape, dtype=tensor.dtype)
        else:
            feeds[tensor.name] = generator.random(shape).astype(tensor.dtype)
    return feeds


def assert_same(answers: Sequence[Answer]) -> None:
    """Fail unless all answers are equal: arrays to the noise of a sum in another order, all else exactly."""
    first, *rest = answers
    for other in rest:
        if isinstance(first, np.ndarray) and first.dtype.kind in "OU":
            np.testing.assert_array_equal(other, first)
        elif isinstance(first, np.ndarray):
            np.testing.assert_allclose(other, first, rtol=1e-4, atol=1e-5)
        elif isinstance(first, Mapping):
            assert first.keys() == other.keys()
            for name in first:
                assert_same([first[name], other[name]])
        else:
            assert other == first
