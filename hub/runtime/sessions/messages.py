"""Says what is wrong with the turns of a conversation and with its tools, and what they ask of who answers.

Knows nothing of any runtime.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence

from hub.runtime.protocols import TOOL_CHOICES
from hub.types import Message

__all__ = ["asked_by", "call_faults", "message_faults", "text_faults", "tool_faults"]

_KEYS = frozenset({"role", "content", "parts", "tool_calls", "tool_call_id", "name"})
_PICTURE = re.compile(r"data:image/[A-Za-z0-9.+-]+;base64,")


def asked_by(messages: Sequence[Message]) -> frozenset[str]:
    """What turns need besides text: `images` and `tools`, as in `Session.honours`."""
    asked = set()
    for message in messages:
        if any(part["type"] != "text" for part in message.get("parts", ())):
            asked.add("images")
        if message.get("tool_calls") or "tool_call_id" in message or message["role"] == "tool":
            asked.add("tools")
    return frozenset(asked)


def message_faults(message: object, where: str) -> list[str]:
    """What is wrong with a turn."""
    if not isinstance(message, Mapping):
        return [f"{where} is a mapping of role and content, not {_kind(message)}"]
    faults = [f"{where} has the key '{key}', which is not known" for key in message if key not in _KEYS]
    for key in ("role", "content"):
        if key not in message:
            faults.append(f"{where} has no {key}")
        else:
            faults += text_faults(message[key], f"{where}.{key}", empty=key == "content")
    for key in ("tool_call_id", "name"):
        faults += text_faults(message[key], f"{where}.{key}") if key in message else []
    faults += _list_faults(message.get("parts", ()), f"{where}.parts", _part_faults)
    return faults + _list_faults(message.get("tool_calls", ()), f"{where}.tool_calls", call_faults)


def tool_faults(tools: object, choice: object) -> list[str]:
    """What is wrong with tools, and with how they may be chosen."""
    faults = _list_faults(tools, "tools", _tool_faults)
    if choice not in TOOL_CHOICES:
        faults.append(f"tool_choice is 'auto', 'none' or 'required', not {choice!r}")
    elif choice == "required" and not tools:
        faults.append("tool_choice is 'required', and there are no tools")
    return faults


def text_faults(value: object, where: str, *, empty: bool = True) -> list[str]:
    """What is wrong with a text."""
    if not isinstance(value, str):
        return [f"{where} is a text, not {_kind(value)}"]
    if not value and not empty:
        return [f"{where} is empty"]
    try:
        value.encode()
    except UnicodeEncodeError as error:
        return [f"{where} holds a lone surrogate at {error.start}, which no tokenizer reads"]
    return []


def _list_faults(value: object, where: str, check: Callable[[object, str], list[str]]) -> list[str]:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        return [f"{where} is a list, not {_kind(value)}"]
    return [fault for place, item in enumerate(value) for fault in check(item, f"{where}[{place}]")]


def _part_faults(part: object, where: str) -> list[str]:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(part, Mapping) or kind not in ("text", "image_url"):
        return [f"{where} is a text or an image_url, by its type"]
    if kind == "text":
        return text_faults(part.get("text"), f"{where}.text")
    held = part.get("image_url")
    url = held.get("url") if isinstance(held, Mapping) else None
    found = _PICTURE.match(url) if isinstance(url, str) else None
    if found is None:
        return [f"{where}.image_url.url is a data: URL of a picture, data:image/png;base64,…; nothing is fetched"]
    try:
        base64.b64decode(str(url)[found.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        return [f"{where}.image_url.url is no base64: {error}"]
    return []


def call_faults(call: object, where: str) -> list[str]:
    """What is wrong with a call of a tool."""
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(call, Mapping) or not isinstance(function, Mapping):
        return [f"{where} is a call: {{'id': …, 'type': 'function', 'function': {{'name': …, 'arguments': …}}}}"]
    faults = text_faults(call.get("id"), f"{where}.id")
    faults += text_faults(function.get("name"), f"{where}.function.name", empty=False)
    return faults + text_faults(function.get("arguments"), f"{where}.function.arguments")


def _tool_faults(tool: object, where: str) -> list[str]:
    function = tool.get("function") if isinstance(tool, Mapping) else None
    if not isinstance(tool, Mapping) or tool.get("type") != "function" or not isinstance(function, Mapping):
        return [f"{where} is a function: {{'type': 'function', 'function': {{'name': …, 'parameters': …}}}}"]
    faults = text_faults(function.get("name"), f"{where}.function.name", empty=False)
    if not isinstance(function.get("parameters", {}), Mapping):
        faults.append(f"{where}.function.parameters is a JSON Schema object, not {_kind(function['parameters'])}")
    try:
        json.dumps(tool, allow_nan=False)
    except (TypeError, ValueError) as error:
        faults.append(f"{where} is not JSON: {error}")
    return faults


def _kind(value: object) -> str:
    return type(value).__name__
