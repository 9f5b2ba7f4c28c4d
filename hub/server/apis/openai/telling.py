"""How `/v1/responses` tells an answer: as one document, or as events that open, fill and close its items.

Knows nothing of HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hub.runtime.protocols import Delta
from hub.server.apis.openai.forms import usage_of
from hub.server.apis.openai.items import ResponsesRequest
from hub.types import JSON

__all__ = ["Told", "response_of"]

Event = dict[str, JSON]


def response_of(asked: ResponsesRequest, name: str) -> dict[str, JSON]:
    """The document of an answer that has not begun."""
    plain = msgspec.to_builtins(asked)
    form = (plain["text"] or {}).get("format") or {"type": "text"}
    return {
        "id": f"resp_{name}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": asked.instructions,
        "max_output_tokens": asked.max_output_tokens,
        "metadata": plain["metadata"] or {},
        "model": asked.model,
        "output": [],
        "parallel_tool_calls": asked.parallel_tool_calls is not False,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": asked.temperature or 0.0,
        "text": {"format": {key: value for key, value in form.items() if value not in (None, "")}},
        "tool_choice": plain["tool_choice"] or "auto",
        "tools": [{**tool, "strict": bool(tool["strict"])} for tool in plain["tools"] or ()],
        "top_logprobs": asked.top_logprobs or 0,
        "top_p": 1.0 if asked.top_p is None else asked.top_p,
        "truncation": "disabled",
        "usage": None,
    }


class Told:
    """An answer while it comes: which items are there, and which of them is open."""

    def __init__(self, base: Mapping[str, JSON]) -> None:
        self._base = dict(base)
        self._name = str(base["id"]).partition("_")[2]
        self._items: list[dict[str, JSON]] = []
        self._open: int | None = None
        self._text = ""
        self._kept: list[JSON] = []
        self._calls: dict[int, int] = {}

    def whole(self, result: Mapping[str, Any]) -> dict[str, JSON]:  # Any: of the task
        """The document of the whole answer."""
        if not self._items:
            if result["generated_text"] or not result.get("tool_calls"):
                self._items.append(
                    self._message(str(result["generated_text"]), result.get("logprobs") or (), "completed")
                )
            self._items += [self._call(call, place) for place, call in enumerate(result.get("tool_calls") or ())]
        cut = result.get("finish_reason") == "length"
        usage = usage_of([dict(result)])
        return {
            **self._base,
            "status": "incomplete" if cut else "completed",
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "output": list(self._items),
            "usage": {
                "input_tokens": usage["prompt_tokens"],
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": usage["completion_tokens"],
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": usage["total_tokens"],
            },
        }

    def opening(self) -> Iterator[Event]:
        """What comes before the first piece."""
        yield {"type": "response.created", "response": dict(self._base)}
        yield {"type": "response.in_progress", "response": dict(self._base)}

    def piece(self, some: Sequence[Delta]) -> Iterator[Event]:
        """What came, as events."""
        values = [delta.value for delta in some if isinstance(delta.value, dict)]
        text = "".join(delta.text for delta in some)
        told = [each for value in values for each in value.get("logprobs", ())]
        if text or told:
            yield from self._say(text, told)
        for value in values:
            for piece in value.get("tool_calls", ()):
                yield from self._called(piece)

    def end(self, result: Mapping[str, Any]) -> Iterator[Event]:  # Any: of the task
        """The end: what is open is closed, and the whole answer told."""
        if not self._items:
            yield from self._say("", ())
        yield from self._close_text()
        for place in self._calls.values():
            item = self._items[place]
            item["status"] = "completed"
            about: Event = {"item_id": item["id"], "output_index": place}
            done: Event = {"arguments": item["arguments"], "name": item["name"]}
            yield {"type": "response.function_call_arguments.done", **about, **done}
            yield {"type": "response.output_item.done", "output_index": place, "item": dict(item)}
        whole = self.whole(result)
        yield {"type": f"response.{whole['status']}", "response": whole}

    def _say(self, text: str, told: Sequence[JSON]) -> Iterator[Event]:
        if self._open is None:
            self._open, self._text, self._kept = len(self._items), "", []
            self._items.append(self._message("", (), "in_progress"))
            opened = {**self._items[self._open], "content": []}
            yield {"type": "response.output_item.added", "output_index": self._open, "item": opened}
            yield {"type": "response.content_part.added", **self._about(self._open), "part": _part("", ())}
        self._text += text
        self._kept += told
        if text:
            about = self._about(self._open)
            yield {"type": "response.output_text.delta", **about, "delta": text, "logprobs": list(told)}

    def _close_text(self) -> Iterator[Event]:
        if self._open is None:
            return
        place, self._open = self._open, None
        part = _part(self._text, self._kept)
        self._items[place] |= {"status": "completed", "content": [part]}
        told: Event = {"text": self._text, "logprobs": list(self._kept)}
        yield {"type": "response.output_text.done", **self._about(place), **told}
        yield {"type": "response.content_part.done", **self._about(place), "part": part}
        yield {"type": "response.output_item.done", "output_index": place, "item": dict(self._items[place])}

    def _called(self, piece: Mapping[str, Any]) -> Iterator[Event]:  # Any: a piece of a call
        yield from self._close_text()
        number, function = int(piece["index"]), piece.get("function") or {}
        if number not in self._calls:
            opened = {"id": piece.get("id", ""), "function": {"name": function.get("name", ""), "arguments": ""}}
            self._calls[number] = len(self._items)
            self._items.append({**self._call(opened, number), "status": "in_progress"})
            place = self._calls[number]
            yield {"type": "response.output_item.added", "output_index": place, "item": dict(self._items[place])}
        place = self._calls[number]
        item = self._items[place]
        if arguments := function.get("arguments"):
            item["arguments"] = str(item["arguments"]) + arguments
            about: Event = {"item_id": item["id"], "output_index": place}
            yield {"type": "response.function_call_arguments.delta", **about, "delta": arguments}

    def _about(self, place: int) -> Event:
        return {"item_id": self._items[place]["id"], "output_index": place, "content_index": 0}

    def _message(self, text: str, told: Sequence[JSON], status: str) -> dict[str, JSON]:
        return {
            "id": f"msg_{self._name}_{len(self._items)}",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": [_part(text, told)],
        }

    def _call(self, call: Mapping[str, Any], number: int) -> dict[str, JSON]:  # Any: a call
        return {
            "id": f"fc_{self._name}_{number}",
            "type": "function_call",
            "status": "completed",
            "call_id": call["id"],
            "name": call["function"]["name"],
            "arguments": call["function"]["arguments"],
        }


def _part(text: str, told: Sequence[JSON]) -> dict[str, JSON]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": list(told)}
