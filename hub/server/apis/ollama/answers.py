"""`POST /api/chat`, `/api/generate`, `/api/embed` and `/api/embeddings`, whole or as lines of JSON."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from hub.server.apis.merging import Arrived, begun, merged
from hub.server.apis.ollama.shapes import Asked, EmbedRequest, GenerateRequest, OllamaChat, seconds_of
from hub.server.apis.ollama.turns import calls_of
from hub.server.apis.plain import error_body
from hub.server.faults import Fault, fault_of
from hub.server.models.call import Call
from hub.server.models.running import Running
from hub.server.service import Answering, Service
from hub.server.web import Events, Request, Response, json_response, read_json, until_gone
from hub.types import JSON

__all__ = ["chat", "embed", "embed_one", "generate"]

_TASK = "text-generation"
_LINES = "application/x-ndjson"


async def chat(request: Request, service: Service) -> Response:
    """Answer a conversation; without one, load the model or let it go."""
    asked = await read_json(request, OllamaChat)
    conversation = asked.conversation()
    options = asked.model_options()
    running = await _running(request, service, asked)
    if not conversation:
        return await _only_loaded(service, running, asked, {"message": {"role": "assistant", "content": ""}})

    def said(text: str, calls: Sequence[dict[str, Any]]) -> dict[str, JSON]:
        message: dict[str, JSON] = {"role": "assistant", "content": text}
        return {"message": {**message, "tool_calls": list(calls_of(calls))} if calls else message}

    return await _answer(request, service, running, asked, conversation, options, said)


async def generate(request: Request, service: Service) -> Response:
    """Answer a prompt; without one, load the model or let it go."""
    asked = await read_json(request, GenerateRequest)
    options = asked.model_options()
    running = await _running(request, service, asked)
    if not asked.prompt and not asked.images:
        return await _only_loaded(service, running, asked, {"response": ""})
    return await _answer(request, service, running, asked, asked.given(), options, lambda text, _: {"response": text})


async def embed(request: Request, service: Service) -> Response:
    """Turn texts into vectors."""
    asked = await read_json(request, EmbedRequest)
    began = time.monotonic_ns()
    vectors = await _vectors(request, service, asked, [asked.input] if isinstance(asked.input, str) else asked.input)
    return json_response(
        {
            "model": asked.model,
            "embeddings": [vector.tolist() for vector in vectors],
            "total_duration": time.monotonic_ns() - began,
            "load_duration": 0,
            "prompt_eval_count": 0,
        }
    )


async def embed_one(request: Request, service: Service) -> Response:
    """Turn one text into a vector, as older clients ask."""
    asked = await read_json(request, EmbedRequest)
    [vector] = await _vectors(request, service, asked, [asked.prompt or ""])
    return json_response({"embedding": vector.tolist()})


async def _vectors(request: Request, service: Service, asked: EmbedRequest, texts: list[str] | None) -> list[Any]:
    if not texts:
        raise Fault(400, "invalid_request", "there is no text", param="input")
    running = await service.model(request, asked.model, "feature-extraction")
    _keep(running, asked.keep_alive)
    known = {option.name for option in running.spec.options}
    options: dict[str, object] = {"truncate": asked.truncate is not False} if "truncate" in known else {}
    if running.plan.verb == "embed" and asked.truncate is not True:
        options = {}
    vectors = await (await service.begin(request, running, texts, options)).results()
    if asked.dimensions not in (None, len(vectors[0])):
        raise Fault(400, "unsupported_parameter", f"this model gives {len(vectors[0])} dimensions", param="dimensions")
    return [np.asarray(vector, np.float32) for vector in vectors]


async def _running(request: Request, service: Service, asked: Asked) -> Running:
    running = await service.model(request, asked.model, _TASK)
    _keep(running, asked.keep_alive)
    return running


def _keep(running: Running, keep_alive: str | float | None) -> None:
    seconds = seconds_of(keep_alive)
    if seconds is not None:
        running.keep_alive = seconds


async def _only_loaded(service: Service, running: Running, asked: Asked, empty: dict[str, JSON]) -> Response:
    gone = seconds_of(asked.keep_alive) == 0 and not running.pinned
    if gone:
        await service.manager.unload(running)
    reason = "unload" if gone else "load"
    return json_response({"model": asked.model, "created_at": _now(), **empty, "done": True, "done_reason": reason})


async def _answer(
    request: Request,
    service: Service,
    running: Running,
    asked: Asked,
    given: Any,  # Any: a text or a conversation
    options: dict[str, object],
    said: Any,  # Any: writes a text as the interface does
) -> Response:
    answering = await service.begin(request, running, [given], options, told=asked.stream)
    if asked.stream:
        source = await until_gone(request, begun(merged([answering])))
        lines = _lines(source, answering, asked.model, said)
        return Events(lines, media_type=_LINES, ended=answering.call.give_up)
    [result] = await answering.results()
    base: dict[str, JSON] = {"model": asked.model, "created_at": _now()}
    return json_response(
        {**base, **said(result["generated_text"], result.get("tool_calls") or ()), **_end(result, answering.call)}
    )


async def _lines(source: AsyncIterator[Arrived], answering: Answering, model: str, said: Any) -> AsyncIterator[bytes]:
    try:
        async for _, some in source:
            base: dict[str, JSON] = {"model": model, "created_at": _now()}
            if some is None:
                result = answering.call.results[0]
                yield _line({**base, **said("", result.get("tool_calls") or ()), **_end(result, answering.call)})
            elif text := "".join(delta.text for delta in some):
                yield _line({**base, **said(text, ()), "done": False})
    except Exception as error:
        yield _line(error_body(fault_of(error)))
    finally:
        await source.aclose()  # type: ignore[attr-defined]


def _end(result: dict[str, Any], call: Call) -> dict[str, JSON]:
    first = call.first or call.ended
    return {
        "done": True,
        "done_reason": "length" if result.get("finish_reason") == "length" else "stop",
        "total_duration": round((call.ended - call.asked) * 1e9),
        "load_duration": 0,
        "prompt_eval_count": result.get("prompt_tokens", 0),
        "prompt_eval_duration": round((first - call.started) * 1e9),
        "eval_count": result.get("generated_tokens", 0),
        "eval_duration": round((call.ended - first) * 1e9),
    }


def _line(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
