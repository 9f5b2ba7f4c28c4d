"""Calls of tools over a runtime that writes text to a schema: tools stand in the prompt, and the answer is JSON.

The form is that of llama.cpp's generic handler: an answer is `{"response": …}` or `{"tool_calls": [{"name": …,
"arguments": …}]}`, and the schema leaves nothing else. Earlier calls and what they gave are written as such JSON too.
Knows nothing of templates or tokens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from hub.errors import OptionError
from hub.runtime.protocols import Chat, Emit, Reply
from hub.types import JSON, Message
from hub_text.generation.calling import CallReader

__all__ = ["call_tools", "has_tools"]

_ABOUT = (
    "You can call these functions:\n\n{tools}\n\n"
    'To call functions, answer {{"tool_calls": [{{"name": …, "arguments": {{…}}}}]}}.'
)
_OR_TEXT = ' To answer the user yourself, answer {"response": …}. Answer with JSON alone.'


def has_tools(request: Chat) -> bool:
    """Whether tools may be called, or were in what was said."""
    return bool(request.tools) or any(turn.get("tool_calls") or turn["role"] == "tool" for turn in request.messages)


def call_tools(chat: Callable[[Chat, Emit], Reply], request: Chat, emit: Emit) -> Reply:
    """Answer a conversation in which tools may be called.

    Parameters
    ----------
    chat
        Answers a request that has a schema and no tools.

    Raises
    ------
    OptionError
        Log-probabilities, which would be those of the JSON around the answer.
    """
    if request.top_logprobs is not None and request.tools:
        raise OptionError(
            "log-probabilities are not told of answers that may call tools", hint="Leave one of them out."
        )
    messages = tuple(_plain(turn, request.messages) for turn in request.messages)
    if not request.tools or request.tool_choice == "none":
        return chat(replace(request, messages=messages, tools=(), tool_choice="auto"), emit)
    forced = request.tool_choice == "required"
    told = json.dumps([tool["function"] for tool in request.tools], ensure_ascii=False)
    about = _ABOUT.format(tools=told) + ("" if forced else _OR_TEXT)
    asked = replace(
        request, messages=_told(about, messages), tools=(), tool_choice="auto", schema=_schema(request, forced=forced)
    )
    reader = CallReader(emit)
    reply = chat(asked, lambda delta: reader.take(delta.text))
    return reader.reply(reply)


def _told(about: str, messages: Sequence[Message]) -> tuple[Message, ...]:
    """The conversation, with instructions at its start."""
    first, *rest = messages
    if first["role"] == "system":
        return ({**first, "content": f"{first['content']}\n\n{about}"}, *rest)
    return ({"role": "system", "content": about}, *messages)


def _plain(turn: Message, turns: Sequence[Message]) -> Message:
    """A turn without calls: they are written as text."""
    if turn["role"] == "tool":
        told = {"tool": _called(turn, turns), "content": turn["content"]}
        return {"role": "user", "content": json.dumps({"tool_response": told}, ensure_ascii=False)}
    calls = turn.get("tool_calls")
    if not calls:
        return turn
    made = [{"name": call["function"]["name"], "arguments": _read(call["function"]["arguments"])} for call in calls]
    return {"role": turn["role"], "content": json.dumps({"tool_calls": made}, ensure_ascii=False)}


def _called(turn: Message, turns: Sequence[Message]) -> str:
    """Name of the tool whose answer a turn is."""
    names = {call["id"]: call["function"]["name"] for each in turns for call in each.get("tool_calls", ())}
    return turn.get("name") or names.get(turn.get("tool_call_id", ""), "")


def _read(arguments: str) -> JSON:
    try:
        found: JSON = json.loads(arguments)
    except ValueError:
        return arguments
    return found


def _schema(request: Chat, *, forced: bool) -> dict[str, JSON]:
    """What an answer must be: calls of the tools, or a response too where none is forced."""
    shared: dict[str, JSON] = {}
    calls = [_call(tool, number, shared) for number, tool in enumerate(request.tools)]
    made: dict[str, JSON] = {"type": "array", "items": calls[0] if len(calls) == 1 else {"anyOf": calls}, "minItems": 1}
    if not request.parallel_tool_calls:
        made["maxItems"] = 1
    calling = _only("tool_calls", made)
    if forced:
        whole: dict[str, JSON] = calling
    else:
        said: JSON = {"type": "string"} if request.schema is None else _shared(request.schema, "response", shared)
        whole = {"anyOf": [_only("response", said), calling]}
    return {**whole, "$defs": shared} if shared else whole


def _call(tool: Mapping[str, JSON], number: int, shared: dict[str, JSON]) -> JSON:
    function = tool["function"]
    assert isinstance(function, dict)
    parameters = function.get("parameters")
    taken = parameters if isinstance(parameters, dict) and parameters else {"type": "object"}
    properties: dict[str, JSON] = {
        "name": {"const": function["name"]},
        "arguments": _shared(taken, f"tool{number}", shared),
    }
    return {
        "type": "object",
        "properties": properties,
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def _only(name: str, held: JSON) -> dict[str, JSON]:
    return {"type": "object", "properties": {name: held}, "required": [name], "additionalProperties": False}


def _shared(schema: Mapping[str, JSON], prefix: str, shared: dict[str, JSON]) -> JSON:
    """A schema that stands within another: its definitions go to the root, under names of their own."""
    own = {key: schema[key] for key in ("$defs", "definitions") if isinstance(schema.get(key), dict)}
    renamed = {
        f"#/{key}/{name}": f"{prefix}.{name}" for key, held in own.items() if isinstance(held, dict) for name in held
    }

    def moved(value: JSON) -> JSON:
        if isinstance(value, list):
            return [moved(each) for each in value]
        if not isinstance(value, dict):
            return value
        target = value.get("$ref")
        if isinstance(target, str) and target in renamed:
            return {**value, "$ref": f"#/$defs/{renamed[target]}"}
        return {key: moved(each) for key, each in value.items()}

    for key, held in own.items():
        assert isinstance(held, dict)
        for name, each in held.items():
            shared[renamed[f"#/{key}/{name}"]] = moved(each)
    return moved({key: value for key, value in schema.items() if key not in own})
