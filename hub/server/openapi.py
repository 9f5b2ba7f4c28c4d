"""`GET /openapi.json`: every path, with the types of requests that the code itself reads, and what answers look like.

Made from the paths, the first lines of what answers them, and the types; the tests hold answers to theirs.
See https://spec.openapis.org/oas/v3.1.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import msgspec

from hub import __version__
from hub.runtime.client.wire import MEDIA_TYPE
from hub.server.apis import catalogue, loading, own, pulling, remote, tasks
from hub.server.apis.inference import open as open_inference
from hub.server.apis.inference import tensorflow
from hub.server.apis.ollama import answers, tags
from hub.server.apis.ollama import shapes as ollama
from hub.server.apis.openai import audio, chat, embeddings, items, responses, shapes
from hub.server.documented import ANSWERS, MEDIA, error_type

__all__ = ["document"]

Handler = Callable[..., Any]
_JSON = "application/json"
_MODEL = re.compile(r"\{(\w+):path\}")
_BODIES: Mapping[Handler, type] = {
    chat.chat: shapes.ChatRequest,
    chat.complete: shapes.CompletionRequest,
    responses.respond: items.ResponsesRequest,
    embeddings.embed: shapes.EmbeddingRequest,
    audio.speak: shapes.SpeechRequest,
    tensorflow.predict: tensorflow.Predict,
    tensorflow.classify: tensorflow.Classify,
    open_inference.infer: open_inference.InferRequest,
    answers.chat: ollama.OllamaChat,
    answers.generate: ollama.GenerateRequest,
    answers.embed: ollama.EmbedRequest,
    answers.embed_one: ollama.EmbedRequest,
    tags.show: ollama.ShowRequest,
    own.stop_model: own.Stop,
    own.add_key: own.NewKey,
    loading.load_model: loading.Load,
    loading.pin_model: loading.Pin,
    pulling.pull_model: pulling.Wanted,
    remote.describe: remote.Describe,
}
_FORM = {
    "type": "object",
    "required": ["file", "model"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        **{name: {"type": "string"} for name in ("model", "language", "prompt", "response_format", "temperature")},
    },
}
_TASK = {
    "type": "object",
    "required": ["inputs"],
    "properties": {"inputs": {}, "parameters": {"type": "object"}, "model": {"type": "string"}},
}
_QUERIES: Mapping[Handler, tuple[str, ...]] = {
    own.show_logs: ("model", "after"),
    own.show_usage: ("since", "until"),
    catalogue.search_catalogue: catalogue.QUERIES,
    tasks.answer_task: ("model",),
}


@cache
def document(paths: Iterable[tuple[str, str, Handler]]) -> bytes:
    """The document, for paths as method, path and what answers it."""
    kinds = [*_BODIES.values(), *ANSWERS.values(), *(error_type(path) for _, path, _ in paths)]
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    types = dict(zip(kinds, schemas, strict=True))
    found: dict[str, dict[str, Any]] = {}
    for method, path, handler in paths:
        plain = _MODEL.sub(r"{\1}", path)
        found.setdefault(plain, {})[method.lower()] = _operation(method, plain, handler, types)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "hub", "version": __version__, "license": {"name": "Apache-2.0"}},
            "security": [{"key": []}, {}],
            "paths": found,
            "components": {"schemas": components, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        }
    )


def _operation(method: str, path: str, handler: Handler, types: Mapping[type, Any]) -> dict[str, Any]:
    names = [("path", name) for name in re.findall(r"\{(\w+)\}", path)]
    names += [("query", name) for name in _QUERIES.get(handler, ())]
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}{re.sub(r'[^A-Za-z0-9]+', '_', path).rstrip('_')}",
        "summary": (handler.__doc__ or "").strip().splitlines()[0].rstrip("."),
        "parameters": [
            {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}
            for place, name in names
        ],
        "responses": _answers(path, handler, types),
    }
    content = _content(handler, types)
    if content:
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _answers(path: str, handler: Handler, types: Mapping[type, Any]) -> dict[str, Any]:
    shown = types[ANSWERS[handler]] if handler in ANSWERS else {}
    content = {media: {"schema": shown} if media == _JSON and shown else {} for media in MEDIA.get(handler, (_JSON,))}
    wrong = {_JSON: {"schema": types[error_type(path)]}}
    found: dict[str, Any] = {
        "200": {"description": "The answer.", "content": content},
        "4XX": {"description": "The request is wrong, or refused.", "content": wrong},
        "5XX": {"description": "It could not be answered.", "content": wrong},
    }
    if handler is own.add_key:
        found["201"] = {"description": "The key.", "content": content}
    if handler is pulling.pull_model:
        found["202"] = {"description": "How far the download is.", "content": content}
    return found


def _content(handler: Handler, types: Mapping[type, Any]) -> dict[str, Any]:
    if handler in _BODIES:
        return {_JSON: {"schema": types[_BODIES[handler]]}}
    if handler in (audio.transcribe, audio.translate):
        return {"multipart/form-data": {"schema": _FORM}}
    if handler is tasks.answer_task:
        return {
            _JSON: {"schema": _TASK},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        }
    if handler is remote.infer:
        return {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    return {}
