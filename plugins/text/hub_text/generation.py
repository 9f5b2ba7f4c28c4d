"""Text generation over a session that answers `chat`.

Knows nothing of tokens or templates: the runtime owns both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hub.errors import InputError, OptionError
from hub.runtime.protocols import Chat, Emit, Model, Reply, Sampling
from hub.types import JSON, Message, OptionValue

__all__ = ["TextGeneration"]


class TextGeneration(Model):
    """Answers texts and conversations."""

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Answer each input: a text, or a list of messages.

        Returns
        -------
        list of dict
            `generated_text`, `finish_reason` (`stop`, `length` or `cancelled`), `prompt_tokens` and
            `generated_tokens`. Once a caller stops one answer, those after it are `cancelled` and empty.
        """
        requests = [_request(item, options, index) for index, item in enumerate(inputs)]
        session = self.parts[""]
        results: list[dict[str, JSON]] = []
        cancelled = False
        for index, request in enumerate(requests):
            if cancelled:
                results.append(_result(Reply(text="", finish="cancelled", tokens=0, prompt_tokens=0)))
                continue
            reply = session.chat(request, _indexed(emit, index))
            cancelled = reply.finish == "cancelled"
            results.append(_result(reply))
        return results


def _result(reply: Reply) -> dict[str, JSON]:
    return {
        "generated_text": reply.text,
        "finish_reason": reply.finish,
        "prompt_tokens": reply.prompt_tokens,
        "generated_tokens": reply.tokens,
    }


def _indexed(emit: Emit, index: int) -> Emit:
    return lambda delta: emit(replace(delta, index=index)) if index else emit(delta)


def _request(item: object, options: Mapping[str, Any], index: int) -> Chat:
    sampling = Sampling(**{name: options[name] for name in ("max_tokens", "temperature", "top_p", "top_k", "seed")})
    fields: dict[str, Any] = {
        "sampling": sampling,
        "stop": tuple(options["stop"] or ()),
        "schema": options["schema"],
    }
    if not options["raw"]:
        return Chat(messages=_messages(item, options["system"], index), **fields)
    if not isinstance(item, str):
        raise InputError(
            "a conversation cannot be continued without its template", hint="Give a text, or leave out raw"
        )
    if options["system"] is not None:
        raise OptionError("raw and system exclude each other: a system message needs the template")
    return Chat(prompt=_filled(item, index), **fields)


def _messages(item: object, system: str | None, index: int) -> tuple[Message, ...]:
    if isinstance(item, str):
        messages: tuple[Message, ...] = ({"role": "user", "content": _filled(item, index)},)
    elif isinstance(item, Sequence):
        messages = tuple(_message(turn, index, place) for place, turn in enumerate(item))
        _filled(messages[-1]["content"] if messages else "", index)
    else:
        raise InputError(f"input {index} is {type(item).__name__}; a text or a list of messages is taken")
    if system is None:
        return messages
    if messages[0]["role"] == "system":
        raise OptionError("the conversation has a system message, and the option system gives another")
    return ({"role": "system", "content": system}, *messages)


def _message(turn: object, index: int, place: int) -> Message:
    if isinstance(turn, Mapping):
        role, content = turn.get("role"), turn.get("content")
        if isinstance(role, str) and isinstance(content, str) and role:
            return {"role": role, "content": content}
    raise InputError(f"message {place} of input {index} is not {{'role': text, 'content': text}}")


def _filled(text: str, index: int) -> str:
    if not text.strip():
        raise InputError(f"the prompt is empty (input {index})" if index else "the prompt is empty")
    return text
