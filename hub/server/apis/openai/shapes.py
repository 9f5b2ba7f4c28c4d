"""Requests of the interface of OpenAI as types. What is asked for and cannot be had is refused, never ignored.

Knows nothing of models.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hub.server.apis.openai.turns import NamedTool, Tool, Turn, choice_of, conversation_of, tools_of
from hub.server.faults import Fault
from hub.types import JSON

__all__ = [
    "ChatRequest",
    "CompletionRequest",
    "EmbeddingRequest",
    "JsonSchema",
    "ResponseFormat",
    "Sampled",
    "SpeechRequest",
    "StreamOptions",
    "schema_of",
]

_IDS_REFUSED = (
    "token ids are of one tokenizer, and texts of all: send texts. "
    "(LangChain: OpenAIEmbeddings(check_embedding_ctx_length=False))"
)


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
        stop = [self.stop] if isinstance(self.stop, str) else self.stop
        given: dict[str, object] = {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "seed": None if self.seed is None else (self.seed + index) % (2**32 - 2),
            "stop": stop or None,
            "presence_penalty": self.presence_penalty or None,
            "frequency_penalty": self.frequency_penalty or None,
            "logit_bias": self.logit_bias or None,
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
    tools: list[Tool] | None = None
    tool_choice: str | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    functions: list[Any] | None = None  # Any: refused where it is not empty
    logprobs: bool | None = None
    top_logprobs: int | None = None
    audio: dict[str, Any] | None = None  # Any: as above

    def options(self, index: int = 0) -> dict[str, object]:
        """As of any sampled request, with what only a chat has."""
        self.refuse("functions", "audio")
        given = super().options(index)
        if self.max_completion_tokens is not None:
            given["max_tokens"] = self.max_completion_tokens
        if self.logprobs:
            given["top_logprobs"] = self.top_logprobs or 0
        elif self.top_logprobs is not None:
            raise Fault(400, "invalid_request", "top_logprobs needs logprobs", param="top_logprobs")
        if self.tools:
            given["tools"] = tools_of(self.tools)
        names = [tool.function.name for tool in self.tools or () if tool.function is not None]
        if (choice := choice_of(self.tool_choice, names)) is not None and (self.tools or choice == "required"):
            given["tool_choice"] = choice
        if self.tools and self.parallel_tool_calls is not None:
            given["parallel_tool_calls"] = self.parallel_tool_calls
        schema = schema_of(self.response_format)
        return given if schema is None else {**given, "schema": schema}

    def conversation(self) -> list[dict[str, Any]]:  # Any: JSON
        """The messages, as models take them.

        Raises
        ------
        Fault
            A message is of a kind that no model here takes.
        """
        return conversation_of(self.messages)


def schema_of(wanted: ResponseFormat | None) -> dict[str, JSON] | None:
    """The schema that an answer must satisfy; `None` where none is wanted.

    Raises
    ------
    Fault
        What is wanted is no format.
    """
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return {"type": "object"}
    if wanted.type == "json_schema" and wanted.json_schema is not None:
        return wanted.json_schema.schema
    raise Fault(400, "invalid_request", "response_format is text, json_object or json_schema", param="response_format")


class CompletionRequest(Sampled, kw_only=True):
    """`POST /v1/completions`."""

    prompt: str | list[str | int | list[int]]
    echo: bool | None = None
    suffix: str | None = None
    logprobs: int | None = None
    best_of: int | None = None

    def options(self, index: int = 0) -> dict[str, object]:
        """As of any sampled request; the text is continued as it stands."""
        self.refuse("echo", "suffix")
        if self.best_of not in (None, 1, self.n):
            raise Fault(400, "unsupported_parameter", "'best_of' is not honoured by any model here", param="best_of")
        given = {**super().options(index), "raw": True}
        return given if self.logprobs is None else {**given, "top_logprobs": self.logprobs}

    @property
    def prompts(self) -> list[str]:
        """The texts to continue.

        Raises
        ------
        Fault
            They are token ids.
        """
        return _texts(self.prompt, "prompt")


class EmbeddingRequest(msgspec.Struct):
    """`POST /v1/embeddings`."""

    model: str
    input: str | list[str | int | list[int]]
    encoding_format: str | None = None
    dimensions: int | None = None

    @property
    def texts(self) -> list[str]:
        """The texts to embed.

        Raises
        ------
        Fault
            They are token ids.
        """
        return _texts(self.input, "input")


class SpeechRequest(msgspec.Struct):
    """`POST /v1/audio/speech`."""

    model: str
    input: str
    voice: Any = None  # Any: a name, or an object in newer clients; the model is the voice
    response_format: str | None = None
    speed: float | None = None


def _texts(given: str | list[str | int | list[int]], param: str) -> list[str]:
    listed = [given] if isinstance(given, str) else given
    found = [text for text in listed if isinstance(text, str)]
    if len(found) != len(listed):
        raise Fault(400, "unsupported_content", _IDS_REFUSED, param=param)
    return found
