"""Turns an input of text generation into a request: a conversation, or a text to continue. Knows no runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.errors import InputError, OptionError
from hub.runtime.protocols import Chat, Sampling
from hub.types import Message

__all__ = ["chat_request", "plain_text"]

_SAMPLING = ("max_tokens", "temperature", "top_p", "top_k", "seed")


def chat_request(item: object, options: Mapping[str, Any], index: int) -> Chat:
    """Request for an input: a text, or a list of messages.

    Parameters
    ----------
    index
        Place of the input, for messages.

    Raises
    ------
    InputError
        It is neither, or empty.
    OptionError
        Options that exclude each other.
    """
    fields: dict[str, Any] = {
        "sampling": Sampling(**{name: options[name] for name in _SAMPLING}),
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


def plain_text(item: object, index: int) -> str:
    """The text itself, or all that was said in a conversation, without any template.

    Raises
    ------
    InputError
        It is neither, or empty.
    """
    return "\n\n".join(message["content"] for message in _messages(item, None, index))


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
