"""Reads the turns of a conversation as people and clients write them, and gives them as the contract has them.

Takes the forms of OpenAI and Hugging Face: a content that is a text or a list of parts, calls of tools whose arguments
are JSON or its text. Knows no runtime.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hub.errors import InputError
from hub.types import Message, Part, ToolCall

__all__ = ["read_turn"]


def read_turn(turn: object, index: int, place: int) -> Message:
    """A turn, at a place of the input of this index.

    Raises
    ------
    InputError
        It is none.
    """
    where = f"message {place} of input {index}"
    role = turn.get("role") if isinstance(turn, Mapping) else None
    if not isinstance(turn, Mapping) or not isinstance(role, str) or not role:
        raise InputError(f"{where} is not {{'role': text, 'content': text}}")
    calls = _calls(turn.get("tool_calls"), where)
    text, parts = _content(turn.get("parts") or turn.get("content"), where, bare=bool(calls))
    message: Message = {"role": role, "content": text}
    if any(part["type"] != "text" for part in parts):
        message["parts"] = parts
    if calls:
        message["tool_calls"] = calls
    if turn.get("tool_call_id") is not None:
        message["tool_call_id"] = str(turn["tool_call_id"])
    if turn.get("name") is not None:
        message["name"] = str(turn["name"])
    return message


def _content(content: object, where: str, *, bare: bool) -> tuple[str, list[Part]]:
    """Text of a turn, and its parts; a turn that calls tools may have none of either."""
    if isinstance(content, str):
        return content, []
    if content is None and bare:
        return "", []
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        raise InputError(f"{where} is not {{'role': text, 'content': text}}")
    parts = [_part(part, f"part {number} of {where}") for number, part in enumerate(content)]
    return "".join(part.get("text", "") for part in parts), parts


def _part(part: object, where: str) -> Part:
    kind = part.get("type") if isinstance(part, Mapping) else None
    held: Any = part.get(kind) if isinstance(part, Mapping) and isinstance(kind, str) else None  # Any: as it is given
    if kind == "text" and isinstance(held, str):
        return {"type": "text", "text": held}
    url = held.get("url") if isinstance(held, Mapping) else held
    if kind == "image_url" and isinstance(url, str):
        if not url.startswith("data:"):
            raise InputError(f"{where} is a picture elsewhere; give it itself, as a data: URL: nothing is fetched")
        return {"type": "image_url", "image_url": {"url": url}}
    raise InputError(f"{where} is neither {{'type': 'text', 'text': …}} nor {{'type': 'image_url', 'image_url': …}}")


def _calls(calls: object, where: str) -> list[ToolCall]:
    if not calls:
        return []
    if not isinstance(calls, Sequence) or isinstance(calls, str | bytes):
        raise InputError(f"the tool_calls of {where} are no list")
    return [_call(call, place, where) for place, call in enumerate(calls)]


def _call(call: object, place: int, where: str) -> ToolCall:
    function = call.get("function") if isinstance(call, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(call, Mapping) or not isinstance(function, Mapping) or not isinstance(name, str):
        raise InputError(f"tool call {place} of {where} is not {{'function': {{'name': …, 'arguments': …}}}}")
    given = function.get("arguments")
    arguments = given if isinstance(given, str) else json.dumps(given or {}, ensure_ascii=False)
    return {
        "id": str(call.get("id") or f"call_{place}"),
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
