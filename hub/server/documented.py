"""What answers look like, for the document of the paths: types of JSON, and media types besides.

The code that answers does not use them; the tests hold answers to them. Fields that are not named may be there too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hub.runtime.client.wire import MEDIA_TYPE
from hub.server.apis import health, pulling, remote, tasks
from hub.server.apis.inference import open as open_inference
from hub.server.apis.ollama import answers, tags
from hub.server.apis.openai import audio, chat, embeddings, models, responses

__all__ = ["ANSWERS", "MEDIA", "error_type"]


class ErrorDetails(msgspec.Struct):
    """What went wrong, and where in the request."""

    message: str
    code: str | None
    param: str | None


class Error(msgspec.Struct):
    """An error of the interfaces of OpenAI and of a hub."""

    error: ErrorDetails


class PlainError(msgspec.Struct):
    """An error of the other interfaces."""

    error: str


class Usage(msgspec.Struct):
    """Tokens that an answer took."""

    prompt_tokens: int
    total_tokens: int


class AnswerMessage(msgspec.Struct):
    """What a model said, or calls."""

    role: str
    content: str | None
    refusal: str | None


class ChatChoice(msgspec.Struct):
    """One answer to a chat."""

    index: int
    message: AnswerMessage
    finish_reason: str
    logprobs: dict[str, Any] | None  # Any: as the interface has it


class ChatCompletion(msgspec.Struct):
    """Answers to a chat."""

    id: str
    object: str
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage


class TextChoice(msgspec.Struct):
    """One continuation of a text."""

    index: int
    text: str
    finish_reason: str
    logprobs: dict[str, Any] | None  # Any: as the interface has it


class Completion(msgspec.Struct):
    """Continuations of texts."""

    id: str
    object: str
    created: int
    model: str
    choices: list[TextChoice]
    usage: Usage


class Embedding(msgspec.Struct):
    """A vector, as numbers or as base64 of 32-bit floats."""

    object: str
    index: int
    embedding: list[float] | str


class Embeddings(msgspec.Struct):
    """Vectors of texts."""

    object: str
    model: str
    data: list[Embedding]
    usage: Usage


class ShownModel(msgspec.Struct):
    """A model that may be named."""

    id: str
    object: str
    created: int
    owned_by: str


class ShownModels(msgspec.Struct):
    """Models that may be named."""

    object: str
    data: list[ShownModel]


class ResponseDocument(msgspec.Struct):
    """An answer of `/v1/responses`."""

    id: str
    object: str
    created_at: float
    status: str
    model: str
    output: list[dict[str, Any]]  # Any: items, by type
    usage: dict[str, Any] | None  # Any: tokens by kind


class OllamaAnswer(msgspec.Struct):
    """An answer of `/api/chat` and `/api/generate`, or that a model was loaded."""

    model: str
    created_at: str
    done: bool


class OllamaVectors(msgspec.Struct):
    """Vectors of texts."""

    model: str
    embeddings: list[list[float]]


class OllamaVector(msgspec.Struct):
    """The vector of a text."""

    embedding: list[float]


class OllamaModels(msgspec.Struct):
    """Models by their names."""

    models: list[dict[str, Any]]  # Any: JSON


class Metadata(msgspec.Struct):
    """Tensors of a model."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[dict[str, Any]]  # Any: names, datatypes and shapes
    outputs: list[dict[str, Any]]  # Any: as above


class Inferred(msgspec.Struct):
    """Tensors that a model gave."""

    model_name: str
    model_version: str
    outputs: list[dict[str, Any]]  # Any: tensors


Handler = Callable[..., Any]
ANSWERS: Mapping[Handler, type] = {
    chat.chat: ChatCompletion,
    chat.complete: Completion,
    responses.respond: ResponseDocument,
    embeddings.embed: Embeddings,
    models.list_models: ShownModels,
    models.show_model: ShownModel,
    answers.chat: OllamaAnswer,
    answers.generate: OllamaAnswer,
    answers.embed: OllamaVectors,
    answers.embed_one: OllamaVector,
    tags.list_tags: OllamaModels,
    tags.list_loaded: OllamaModels,
    open_inference.model_metadata: Metadata,
    open_inference.infer: Inferred,
}
"""Types of answers in JSON."""

_TEXTS = ("application/json", "text/plain", "application/x-subrip", "text/vtt")
MEDIA: Mapping[Handler, tuple[str, ...]] = {
    chat.chat: ("application/json", "text/event-stream"),
    chat.complete: ("application/json", "text/event-stream"),
    responses.respond: ("application/json", "text/event-stream"),
    answers.chat: ("application/json", "application/x-ndjson"),
    answers.generate: ("application/json", "application/x-ndjson"),
    audio.speak: ("audio/mpeg", "audio/wav", "audio/flac", "audio/ogg", "audio/pcm"),
    audio.transcribe: _TEXTS,
    audio.translate: _TEXTS,
    open_inference.infer: ("application/json", "application/octet-stream"),
    tasks.answer_task: ("application/json", "image/png", "audio/wav"),
    remote.infer: (MEDIA_TYPE,),
    pulling.watch_pulls: ("text/event-stream",),
    health.metrics: ("text/plain",),
}
"""Media types of answers that are not JSON alone."""


def error_type(path: str) -> type:
    """The type of errors at a path."""
    plain = path.endswith((":predict", ":classify")) or path.startswith(("/v2", "/api/", "/tasks/"))
    return PlainError if plain else Error
