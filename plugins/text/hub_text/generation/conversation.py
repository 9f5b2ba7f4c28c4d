"""Turns an input of text generation into a request: a conversation, or a text to continue. Knows no runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.errors import InputError, OptionError
from hub.runtime.protocols import TOOL_CHOICES, Chat, Sampling
from hub.types import JSON, Message
from hub_text.generation.turns import read_turn

__all__ = ["chat_request", "plain_text"]

_SAMPLING = ("max_tokens", "temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty")


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
        "sampling": Sampling(
            **{name: options[name] for name in _SAMPLING}, logit_bias=_bias(options["logit_bias"] or {})
        ),
        "stop": tuple(options["stop"] or ()),
        "schema": options["schema"],
        "top_logprobs": options["top_logprobs"],
        **_tools(options),
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
        messages = tuple(read_turn(turn, index, place) for place, turn in enumerate(item))
        last = messages[-1] if messages else None
        if last is None or not (last.get("parts") or last["role"] == "tool" or last.get("tool_calls")):
            _filled(last["content"] if last else "", index)
    else:
        raise InputError(f"input {index} is {type(item).__name__}; a text or a list of messages is taken")
    if system is None:
        return messages
    if messages[0]["role"] == "system":
        raise OptionError("the conversation has a system message, and the option system gives another")
    return ({"role": "system", "content": system}, *messages)


def _tools(options: Mapping[str, Any]) -> dict[str, Any]:
    """Fields about tools. A function that is named is the only one, and must be called."""
    tools, choice = tuple(options["tools"] or ()), options["tool_choice"]
    if choice not in TOOL_CHOICES:
        tools, named = tuple(tool for tool in tools if _name(tool) == choice), tools
        if not tools:
            known = ", ".join(_name(tool) for tool in named) or "no tool at all"
            raise OptionError(
                f"tool_choice is {', '.join(TOOL_CHOICES)} or the name of a tool ({known}), not '{choice}'"
            )
        choice = "required"
    return {"tools": tools, "tool_choice": choice, "parallel_tool_calls": options["parallel_tool_calls"]}


def _name(tool: Mapping[str, JSON]) -> str:
    function = tool.get("function")
    return str(function.get("name")) if isinstance(function, dict) else ""


def _bias(given: Mapping[str, Any]) -> dict[int, float]:
    """Token ids and what is added to their logits; JSON has only texts for the ids."""
    try:
        return {int(token): float(value) for token, value in given.items()}
    except (TypeError, ValueError) as error:
        raise OptionError(f"logit_bias maps ids of tokens to numbers: {error}") from error


def _filled(text: str, index: int) -> str:
    if not text.strip():
        raise InputError(f"the prompt is empty (input {index})" if index else "the prompt is empty")
    return text
