"""Turns of a conversation as the interface of Ollama writes them: pictures as base64, calls without ids.

Knows nothing of models.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from hub.server.faults import Fault

__all__ = ["OllamaTurn", "calls_of", "conversation_of", "picture_parts"]

_PICTURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp", b"BM": "bmp"}


class OllamaFunction(msgspec.Struct):
    """What a tool call calls."""

    name: str
    arguments: dict[str, Any] = {}  # Any: JSON


class OllamaCall(msgspec.Struct):
    """A tool call of an earlier answer."""

    function: OllamaFunction


class OllamaTurn(msgspec.Struct):
    """A message."""

    role: str
    content: str = ""
    images: list[str] | None = None
    tool_calls: list[OllamaCall] | None = None
    tool_name: str | None = None


def conversation_of(turns: Sequence[OllamaTurn]) -> list[dict[str, Any]]:  # Any: JSON
    """The messages, as models take them: answers of tools belong to the calls before them, by name or in order.

    Raises
    ------
    Fault
        A picture is none.
    """
    found: list[dict[str, Any]] = []  # Any: JSON
    waiting: list[tuple[str, str]] = []
    for place, turn in enumerate(turns):
        message: dict[str, Any] = {"role": turn.role, "content": turn.content}  # Any: JSON
        if turn.images:
            message["content"] = picture_parts(turn.content, turn.images, f"messages[{place}].images")
        if turn.tool_calls:
            made = [_call(call.function, f"call_{place}_{number}") for number, call in enumerate(turn.tool_calls)]
            waiting = [(call["id"], call["function"]["name"]) for call in made]
            message["tool_calls"] = made
        if turn.role == "tool" and waiting:
            answered = next((call for call in waiting if call[1] == turn.tool_name), waiting[0])
            waiting.remove(answered)
            message["tool_call_id"] = answered[0]
        found.append(message)
    return found


def picture_parts(text: str, images: Sequence[str], where: str) -> list[dict[str, Any]]:  # Any: JSON
    """A text and its pictures.

    Raises
    ------
    Fault
        A picture is no base64 of one.
    """
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []  # Any: JSON
    for place, image in enumerate(images):
        url = f"data:image/{_kind(image, f'{where}[{place}]')};base64,{image}"
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return parts


def calls_of(calls: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:  # Any: JSON
    """Calls of an answer, as this interface writes them: arguments as JSON and not as its text."""
    return [
        {"function": {"name": call["function"]["name"], "arguments": _read(call["function"]["arguments"])}}
        for call in calls
    ]


def _call(function: OllamaFunction, name: str) -> dict[str, Any]:  # Any: JSON
    arguments = json.dumps(function.arguments, ensure_ascii=False)
    return {"id": name, "type": "function", "function": {"name": function.name, "arguments": arguments}}


def _read(arguments: str) -> Any:  # Any: JSON
    try:
        return json.loads(arguments)
    except ValueError:  # an answer that was cut
        return {}


def _kind(image: str, where: str) -> str:
    try:
        data = base64.b64decode(image, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Fault(400, "invalid_request", f"a picture is base64: {error}", param=where) from error
    kind = next((kind for start, kind in _PICTURES.items() if data.startswith(start)), None)
    if kind is None:
        raise Fault(400, "unsupported_content", f"this is no {', '.join(_PICTURES.values())}", param=where)
    return kind
