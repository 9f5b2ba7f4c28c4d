"""How chats and completions are written, whole and in pieces, with calls of tools and log-probabilities.

Knows nothing of HTTP.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from hub.runtime.protocols import Delta
from hub.server.apis.openai.shapes import Sampled
from hub.server.web import Request
from hub.types import JSON

__all__ = ["ChatForm", "CompletionForm", "Form", "finish_of", "usage_of"]

Told = Sequence[dict[str, Any]]  # Any: what is told of tokens, by name


class Form(ABC):
    """How an interface writes an answer, whole and in pieces."""

    kind = ""
    piece_kind = ""
    prefix = ""

    def __init__(self, request: Request, asked: Sampled) -> None:
        self._base: dict[str, JSON] = {
            "id": f"{self.prefix}-{request.scope['hub.request']}",
            "object": self.kind,
            "created": int(time.time()),
            "model": asked.model,
        }

    def whole(self, results: Sequence[dict[str, Any]]) -> dict[str, JSON]:
        """All answers as one document."""
        choices: list[JSON] = [
            {
                "index": index,
                **self._said(result),
                "finish_reason": finish_of(result),
                "logprobs": self._told(index, result.get("logprobs") or ()),
            }
            for index, result in enumerate(results)
        ]
        return {**self._base, "choices": choices, "usage": usage_of(results)}

    def opening(self, index: int) -> dict[str, JSON] | None:
        """What comes before the first piece."""
        return None

    def piece(self, index: int, some: Sequence[Delta]) -> dict[str, JSON] | None:
        """A piece of an answer; `None` where nothing came that is told."""
        text = "".join(delta.text for delta in some)
        values = [delta.value for delta in some if isinstance(delta.value, dict)]
        calls = [call for value in values for call in value.get("tool_calls", ())]
        told = [each for value in values for each in value.get("logprobs", ())]
        if not (text or calls or told):
            return None
        return self._chunk(index, self._part(text, calls), None, self._told(index, told))

    def end(self, index: int, result: dict[str, Any]) -> dict[str, JSON]:
        """The end of an answer."""
        return self._chunk(index, self._part("", ()), finish_of(result))

    def usage(self, results: Sequence[dict[str, Any]]) -> dict[str, JSON]:
        """What all answers took."""
        return {**self._base, "object": self.piece_kind, "choices": [], "usage": usage_of(results)}

    def _chunk(self, index: int, said: dict[str, JSON], finish: str | None, told: JSON = None) -> dict[str, JSON]:
        choice: dict[str, JSON] = {"index": index, **said, "finish_reason": finish, "logprobs": told}
        return {**self._base, "object": self.piece_kind, "choices": [choice]}

    @abstractmethod
    def _said(self, result: dict[str, Any]) -> dict[str, JSON]:
        """A whole answer, within its choice."""

    @abstractmethod
    def _part(self, text: str, calls: Told) -> dict[str, JSON]:
        """A piece of an answer, within its choice."""

    @abstractmethod
    def _told(self, index: int, told: Told) -> JSON:
        """What is told of tokens; `None` where nothing is."""


class ChatForm(Form):
    """As messages."""

    kind, piece_kind, prefix = "chat.completion", "chat.completion.chunk", "chatcmpl"

    def opening(self, index: int) -> dict[str, JSON] | None:
        """Who speaks."""
        return self._chunk(index, {"delta": {"role": "assistant", "content": ""}}, None)

    def _said(self, result: dict[str, Any]) -> dict[str, JSON]:
        message: dict[str, JSON] = {"role": "assistant", "content": result["generated_text"], "refusal": None}
        if calls := result.get("tool_calls"):
            message |= {"content": result["generated_text"] or None, "tool_calls": calls}
        return {"message": message}

    def _part(self, text: str, calls: Told) -> dict[str, JSON]:
        said: dict[str, JSON] = {"content": text} if text else {}
        if calls:
            said["tool_calls"] = list(calls)
        return {"delta": said}

    def _told(self, index: int, told: Told) -> JSON:
        return {"content": list(told), "refusal": None} if told else None


class CompletionForm(Form):
    """As texts."""

    kind, piece_kind, prefix = "text_completion", "text_completion", "cmpl"

    def __init__(self, request: Request, asked: Sampled) -> None:
        super().__init__(request, asked)
        self._offsets: defaultdict[int, int] = defaultdict(int)

    def _said(self, result: dict[str, Any]) -> dict[str, JSON]:
        return {"text": result["generated_text"]}

    def _part(self, text: str, calls: Told) -> dict[str, JSON]:
        return {"text": text}

    def _told(self, index: int, told: Told) -> JSON:
        if not told:
            return None
        offsets: list[JSON] = []
        for each in told:
            offsets.append(self._offsets[index])
            self._offsets[index] += len(each["token"])
        return {
            "tokens": [each["token"] for each in told],
            "token_logprobs": [each["logprob"] for each in told],
            "top_logprobs": [
                {likely["token"]: likely["logprob"] for likely in each.get("top_logprobs", ())} for each in told
            ],
            "text_offset": offsets,
        }


def finish_of(result: dict[str, Any]) -> str:
    """Why an answer ended."""
    if result.get("finish_reason") == "length":
        return "length"
    return "tool_calls" if result.get("tool_calls") else "stop"


def usage_of(results: Sequence[dict[str, Any]]) -> dict[str, JSON]:
    """What answers took."""
    prompt = sum(int(result.get("prompt_tokens", 0)) for result in results)
    generated = sum(int(result.get("generated_tokens", 0)) for result in results)
    return {"prompt_tokens": prompt, "completion_tokens": generated, "total_tokens": prompt + generated}
