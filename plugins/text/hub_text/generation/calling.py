"""Reads an answer that is JSON, `{"response": …}` or `{"tool_calls": […]}`, as it comes: calls when they are complete.

Knows nothing of who writes it.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import replace
from typing import Any

from hub.runtime.protocols import Delta, Emit, Reply
from hub.types import ToolCall

__all__ = ["CallReader"]

_TEXT = re.compile(r'\s*\{\s*"response"\s*:\s*"')
_CALLS = re.compile(r'\s*\{\s*"tool_calls"\s*:\s*\[\s*')
_NEXT = re.compile(r"\s*,?\s*")
_HIGH = r"\\u[dD][89abAB][0-9a-fA-F]{2}"  # the first half of a pair, certain once it is known what follows
_CERTAIN = re.compile(
    rf'(?:[^"\\]|\\[^u]|{_HIGH}(?=[^\\]|\\[^u]|\\u[0-9a-fA-F]{{4}})|(?!{_HIGH})\\u[0-9a-fA-F]{{4}})*', re.DOTALL
)


class CallReader:
    """Takes the pieces of the JSON, and emits what they mean."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._json = ""
        self._place = 0  # up to which the JSON has been told
        self._said: list[str] = []
        self._calls: list[ToolCall] = []
        self._stopped = False

    def take(self, piece: str) -> bool:
        """Take a piece; `True` once nobody wants more."""
        self._json += piece
        if text := _TEXT.match(self._json):
            self._read(max(self._place, text.end()))
        elif "}" in piece and (calls := _CALLS.match(self._json)):  # else no call can have become complete
            self._find(max(self._place, calls.end()))
        return self._stopped

    def reply(self, reply: Reply) -> Reply:
        """The answer that the JSON is; of one that was cut, what is complete of it."""
        if not self._calls and not self._said:
            self._say(_other(self._json))
        finish = "cancelled" if self._stopped else reply.finish
        return replace(reply, text="".join(self._said), finish=finish, tool_calls=tuple(self._calls), logprobs=())

    def _read(self, start: int) -> None:
        """Text from a place on, as far as it is certain: no half of an escape or of a pair."""
        found = _CERTAIN.match(self._json, start)
        assert found is not None
        self._place = found.end()
        text = json.loads(f'"{found[0]}"', strict=False)
        self._say(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))  # no half of a pair stands alone

    def _say(self, text: str) -> None:
        if text and not self._stopped:
            self._said.append(text)
            self._stopped = self._emit(Delta(text=text))

    def _find(self, start: int) -> None:
        """Calls from a place on, as far as they are complete."""
        reader = json.JSONDecoder(strict=False)
        while not self._stopped:
            begin = _NEXT.match(self._json, start)
            at = begin.end() if begin else start
            try:
                found, end = reader.raw_decode(self._json, at)
            except ValueError:
                return
            self._call(found)
            self._place = start = end

    def _call(self, found: dict[str, Any]) -> None:  # Any: JSON
        call: ToolCall = {
            "id": f"call_{secrets.token_hex(12)}",
            "type": "function",
            "function": {"name": found["name"], "arguments": json.dumps(found["arguments"], ensure_ascii=False)},
        }
        piece = {"index": len(self._calls), **call, "function": {**call["function"]}}
        self._calls.append(call)
        self._stopped = self._emit(Delta(value={"tool_calls": [piece]}))


def _other(answer: str) -> str:
    """A response that is no string but JSON by a schema of the caller; as far as it came."""
    try:
        found = json.loads(answer, strict=False)
    except ValueError:
        start = re.match(r'\s*\{\s*"response"\s*:\s*', answer)
        return answer[start.end() :] if start else ""
    held = found.get("response", "") if isinstance(found, dict) else ""
    return held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)
