"""Requests of the interface of OpenAI as types. What is asked for and cannot be had is refused, never ignored.

Knows nothing of models.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hub.server.faults import Fault
from hub.types import JSON, Message

__all__ = ["ChatRequest", "CompletionRequest", "EmbeddingRequest", "SpeechRequest", "StreamOptions"]


class Part(msgspec.Struct):
    """A piece of a message."""

    type: str
    text: str | None = None


class Turn(msgspec.Struct):
    """A message."""

    role: str
    content: str | list[Part] | None = None
    tool_calls: list[Any] | None = None  # Any: refused where it is not empty


class StreamOptions(msgspec.Struct):
    """What a stream tells besides."""

    include_usage: bool = False


class JsonSchema(msgspec.Struct):
    """A schema and its name."""

    schema: dict[str, Any]  # Any: a JSON Schema
    name: str = ""


class ResponseFormat(msgspec.Struct):
    """What the answer must be."""

    type: str
    json_schema: JsonSchema | None = None


class Sampled(msgspec.Struct):
    """What chats and completions have in common."""

    model: str
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None

    @property
    def count(self) -> int:
        """How many answers are wanted."""
        if self.n is not None and not 1 <= self.n <= 16:
            raise Fault(400, "invalid_request", "n is from 1 to 16", param="n")
        return self.n or 1

    def options(self, index: int = 0) -> dict[str, object]:
        """Options of the model for the answer of this index: seeds count up, so that answers differ.

        Raises
        ------
        Fault
            Something is asked for that no model here does.
        """
        self.refuse("presence_penalty", "frequency_penalty", "logit_bias")
        stop = [self.stop] if isinstance(self.stop, str) else self.stop
        given: dict[str, object] = {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "seed": None if self.seed is None else (self.seed + index) % (2**32 - 2),
            "stop": stop or None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def refuse(self, *names: str) -> None:
        """Refuse fields that are set to more than nothing.

        Raises
        ------
        Fault
            One is.
        """
        for name in names:
            if getattr(self, name):
                raise Fault(400, "unsupported_parameter", f"'{name}' is not honoured by any model here", param=name)


class ChatRequest(Sampled, kw_only=True):
    """`POST /v1/chat/completions`."""

    messages: list[Turn]
    max_completion_tokens: int | None = None
    response_format: ResponseFormat | None = None
    tools: list[Any] | None = None  # Any: refused where it is not empty
    functions: list[Any] | None = None  # Any: as above
    logprobs: bool | None = None
    top_logprobs: int | None = None
    audio: dict[str, Any] | None = None  # Any: as above

    def options(self, index: int = 0) -> dict[str, object]:
        """As of any sampled request, with what only a chat has."""
        self.refuse("tools", "functions", "logprobs", "top_logprobs", "audio")
        given = super().options(index)
        if self.max_completion_tokens is not None:
            given["max_tokens"] = self.max_completion_tokens
        schema = self._schema()
        return given if schema is None else {**given, "schema": schema}

    def conversation(self) -> list[Message]:
        """The messages, as models take them.

        Raises
        ------
        Fault
            A message is of a kind that no model here takes.
        """
        return [_message(turn, place) for place, turn in enumerate(self.messages)]

    def _schema(self) -> dict[str, JSON] | None:
        wanted = self.response_format
        if wanted is None or wanted.type == "text":
            return None
        if wanted.type == "json_object":
            return {"type": "object"}
        if wanted.type == "json_schema" and wanted.json_schema is not None:
            return wanted.json_schema.schema
        raise Fault(
            400, "invalid_request", "response_format is text, json_object or json_schema", param="response_format"
        )


class CompletionRequest(Sampled, kw_only=True):
    """`POST /v1/completions`."""

    prompt: str | list[str]
    echo: bool | None = None
    suffix: str | None = None
    logprobs: int | None = None
    best_of: int | None = None

    def options(self, index: int = 0) -> dict[str, object]:
        """As of any sampled request; the text is continued as it stands."""
        self.refuse("echo", "suffix", "logprobs")
        if self.best_of not in (None, 1, self.n):
            raise Fault(400, "unsupported_parameter", "'best_of' is not honoured by any model here", param="best_of")
        return {**super().options(index), "raw": True}


class EmbeddingRequest(msgspec.Struct):
    """`POST /v1/embeddings`."""

    model: str
    input: str | list[str]
    encoding_format: str | None = None
    dimensions: int | None = None


class SpeechRequest(msgspec.Struct):
    """`POST /v1/audio/speech`."""

    model: str
    input: str
    voice: Any = None  # Any: a name, or an object in newer clients; the model is the voice
    response_format: str | None = None
    speed: float | None = None


def _message(turn: Turn, place: int) -> Message:
    if turn.tool_calls or turn.role in ("tool", "function"):
        raise Fault(400, "unsupported_parameter", "no model here calls tools", param=f"messages[{place}]")
    return {"role": "system" if turn.role == "developer" else turn.role, "content": _text(turn, place)}


def _text(turn: Turn, place: int) -> str:
    if turn.content is None or isinstance(turn.content, str):
        return turn.content or ""
    for number, part in enumerate(turn.content):
        if part.type != "text" or part.text is None:
            raise Fault(
                400,
                "unsupported_content",
                f"this model takes text, not '{part.type}'",
                param=f"messages[{place}].content[{number}]",
            )
    return "".join(part.text or "" for part in turn.content)
