"""`POST /tasks/{task}`, with the inputs and outputs of Hugging Face's inference: `huggingface_hub.InferenceClient`.

The model is named in the path (`/tasks/{task}/{model}`), as `?model=`, or not at all where one model alone will do.
See https://huggingface.co/docs/inference-providers/tasks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from hub.plugin.specs import TaskSpec
from hub.server.apis.values import as_input, as_json, file_answer, is_file
from hub.server.faults import Fault
from hub.server.models.running import Running
from hub.server.service import Service
from hub.server.web import Request, Response, json_response
from hub.types import JSON

__all__ = ["answer_task", "error_body"]

_NESTED = ("text-classification",)
"""Tasks whose answer to one input is a list in a list."""
_IGNORED = ("return_full_text", "details", "decoder_input_details", "do_sample", "watermark", "stream")
_RENAMED = {"max_new_tokens": "max_tokens", "stop_sequences": "stop"}


async def answer_task(request: Request, service: Service) -> Response:
    """Answer the inputs of a task."""
    name = request.path_params["task"]
    given, parameters, model = await _asked(request)
    running = await service.model(request, model or await _only(request, service, name), name)
    single = not isinstance(given, list) or (running.task.inputs[0] in ("messages", "json") and _is_one(given))
    inputs = [given] if single else given
    if not inputs:
        raise Fault(400, "invalid_input", "there is nothing to answer", param="inputs")
    read = [
        as_input(running.task, each, "inputs" if single else f"inputs[{place}]") for place, each in enumerate(inputs)
    ]
    results = await (await service.begin(request, running, read, _options(running, parameters))).results()
    if single:
        written = await asyncio.to_thread(file_answer, running.task, results[0])
        if written is not None:
            return Response(written[0], media_type=written[1])
    return json_response(_shown(running.task, results, single=single))


def error_body(fault: Fault) -> dict[str, JSON]:
    """The document of an error."""
    return {"error": fault.message, "error_type": fault.code}


async def _asked(request: Request) -> tuple[Any, dict[str, Any], str]:  # Any: JSON or bytes
    """Inputs, parameters and model of a request: JSON, or the bytes of one file."""
    body = await request.body()
    model = request.path_params.get("model") or request.query_params.get("model", "")
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if kind not in ("application/json", "application/x-www-form-urlencoded", "text/plain", ""):
        return body, {}, model
    try:
        asked = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(400, "invalid_json", f"the body is not JSON: {error}") from error
    if not isinstance(asked, dict) or "inputs" not in asked:
        raise Fault(400, "invalid_request", "the body is {'inputs': …, 'parameters': {…}}", param="inputs")
    parameters = asked.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise Fault(400, "invalid_request", "parameters are an object", param="parameters")
    extra = {name: value for name, value in asked.items() if name in ("normalize", "truncate")}
    named = asked.get("model")
    return asked["inputs"], {**extra, **parameters}, model or (named if isinstance(named, str) else "")


async def _only(request: Request, service: Service, task: str) -> str:
    """The model of a request that names none: of those loaded ahead, else of all, the only one for the task."""
    able = [served.name for served in await service.offered(request) if served.model.task == task]
    ahead = [name for name in able if name in service.settings.models]
    running = [each.plan.model for each in service.manager.running if each.task.id == task and each.pinned]
    found = ahead or sorted(set(running) & set(able)) or able
    if len(found) != 1:
        told = f"several models do {task}: {', '.join(found)}" if found else f"no model here does {task}"
        raise Fault(400 if found else 404, "model_not_found", f"{told}. Name one: /tasks/{task}/MODEL", param="model")
    return found[0]


def _options(running: Running, parameters: dict[str, Any]) -> dict[str, object]:
    options: dict[str, object] = {}
    for name, value in parameters.items():
        if value is None or name in _IGNORED:
            continue
        options[_RENAMED.get(name, name)] = value
    known = {option.name for option in running.spec.options}
    if running.task.id == "text-generation" and "raw" in known:
        options.setdefault("raw", True)
    return options


def _is_one(given: Sequence[Any]) -> bool:
    """Whether a list is one input: a conversation."""
    return bool(given) and all(isinstance(each, dict) and "role" in each for each in given)


def _shown(task: TaskSpec, results: Sequence[Any], *, single: bool) -> JSON:
    shown = [as_json(result) for result in results]
    if task.id == "text-generation":
        return shown
    if task.id in _NESTED or (task.id == "feature-extraction" and not is_file(task)):
        return shown
    return shown[0] if single else shown
