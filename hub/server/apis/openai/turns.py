"""Turns of a conversation and tools as the interface of OpenAI writes them, and as models here take them.

Pictures come within the request, as `data:` URLs: a server that fetched what strangers name would reach for them where
they cannot. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hub.server.faults import Fault

__all__ = ["NamedTool", "Tool", "Turn", "choice_of", "conversation_of", "tools_of"]

_ROLES = ("system", "developer", "user", "assistant", "tool")


class ImageURL(msgspec.Struct):
    """A picture."""

    url: str
    detail: str | None = None


class Part(msgspec.Struct):
    """A piece of a message."""

    type: str
    text: str | None = None
    image_url: str | ImageURL | None = None


class CalledFunction(msgspec.Struct):
    """What a tool call calls."""

    name: str
    arguments: str = ""


class Call(msgspec.Struct):
    """A tool call of an earlier answer."""

    function: CalledFunction
    id: str = ""
    type: str = "function"


class Turn(msgspec.Struct):
    """A message."""

    role: str
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None


class Function(msgspec.Struct):
    """A function that may be called."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None  # Any: a JSON Schema
    strict: bool | None = None


class Tool(msgspec.Struct):
    """A tool: always a function here."""

    type: str
    function: Function | None = None


class FunctionName(msgspec.Struct):
    """Which function."""

    name: str


class NamedTool(msgspec.Struct):
    """The one tool that is to be called."""

    type: str
    function: FunctionName | None = None


def conversation_of(turns: Sequence[Turn]) -> list[dict[str, Any]]:  # Any: JSON
    """The messages, as models take them.

    Raises
    ------
    Fault
        A message is of a kind that no model here takes.
    """
    return [_message(turn, f"messages[{place}]") for place, turn in enumerate(turns)]


def tools_of(tools: Sequence[Tool]) -> list[dict[str, Any]]:  # Any: JSON
    """Functions, as models take them.

    Raises
    ------
    Fault
        A tool is none.
    """
    found = []
    for place, tool in enumerate(tools):
        if tool.type != "function" or tool.function is None:
            told = f"tools are functions here, not '{tool.type}'"
            raise Fault(400, "unsupported_parameter", told, param=f"tools[{place}]")
        function = {
            "name": tool.function.name,
            "description": tool.function.description or "",
            "parameters": tool.function.parameters or {"type": "object", "properties": {}},
        }
        found.append({"type": "function", "function": function})
    return found


def choice_of(choice: str | NamedTool | None, names: Sequence[str]) -> str | None:
    """Which tools may be called: `auto`, `none`, `required`, or a name.

    Raises
    ------
    Fault
        It is none of these.
    """
    if choice is None or (isinstance(choice, str) and choice in ("auto", "none", "required")):
        return choice
    if isinstance(choice, NamedTool) and choice.function is not None and choice.function.name in names:
        return choice.function.name
    known = f", such as {names[0]}" if names else ", and there are no tools"
    raise Fault(
        400, "invalid_request", f"tool_choice is auto, none, required or a function{known}", param="tool_choice"
    )


def _message(turn: Turn, where: str) -> dict[str, Any]:  # Any: JSON
    if turn.role not in _ROLES:
        raise Fault(400, "invalid_request", f"a role is one of {', '.join(_ROLES)}", param=f"{where}.role")
    message: dict[str, Any] = {"role": "system" if turn.role == "developer" else turn.role}  # Any: JSON
    message["content"] = _content(turn.content, f"{where}.content")
    if turn.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id or f"call_{place}",
                "type": "function",
                "function": {"name": call.function.name, "arguments": call.function.arguments},
            }
            for place, call in enumerate(turn.tool_calls)
        ]
    if turn.tool_call_id is not None:
        message["tool_call_id"] = turn.tool_call_id
    if turn.name:
        message["name"] = turn.name
    return message


def _content(content: str | list[Part] | None, where: str) -> str | list[dict[str, Any]]:  # Any: JSON
    """A text, or parts where there are pictures among them."""
    if content is None or isinstance(content, str):
        return content or ""
    parts = [_part(part, f"{where}[{place}]") for place, part in enumerate(content)]
    return parts if any(part["type"] != "text" for part in parts) else "".join(part["text"] for part in parts)


def _part(part: Part, where: str) -> dict[str, Any]:  # Any: JSON
    if part.type == "text" and part.text is not None:
        return {"type": "text", "text": part.text}
    if part.type != "image_url" or part.image_url is None:
        raise Fault(400, "unsupported_content", f"models here take text and image_url, not '{part.type}'", param=where)
    url = part.image_url if isinstance(part.image_url, str) else part.image_url.url
    if not url.startswith("data:"):
        told = "a picture is sent itself, as data:image/png;base64,…: this server fetches nothing"
        raise Fault(400, "unsupported_content", told, param=where)
    return {"type": "image_url", "image_url": {"url": url}}
