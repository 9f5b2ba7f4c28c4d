"""`/hub/v1/describe` and `/hub/v1/infer/{model}`: what `hub.connect` asks. Every task, with arrays as what they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from hub.errors import HubError, InferenceError, InputError
from hub.plugin.host import get_host
from hub.plugin.specs import TaskSpec
from hub.runtime.client.wire import MEDIA_TYPE, decode, delta_to, error_to, frame
from hub.runtime.kinds.codecs import Codecs
from hub.server.apis.merging import begun
from hub.server.apis.values import is_file
from hub.server.faults import Fault, fault_of
from hub.server.models.running import Running
from hub.server.service import Answering, Service
from hub.server.web import Events, Request, Response, json_response, read_json, until_gone
from hub.types import JSON, Option

__all__ = ["describe", "infer"]


class Describe(msgspec.Struct):
    """Which model."""

    model: str


async def describe(request: Request, service: Service) -> Response:
    """How a model is asked; loads it."""
    asked = await read_json(request, Describe)
    running = await service.model(request, asked.model)
    plan, task = running.plan, running.task
    return json_response(
        {
            "reference": asked.model,
            "model": plan.model,
            "variant": plan.variant,
            "precision": plan.precision,
            "family": plan.facts.family,
            "format": plan.facts.format,
            "backend": plan.backend,
            "plugin": plan.plugin,
            "device": plan.device,
            "verb": plan.verb,
            "model_plugin": plan.model_plugin,
            "task": task.id,
            "inputs": list(task.inputs),
            "outputs": list(task.outputs),
            "memory": plan.estimate.total,
            "load_options": {name: _plain(value) for name, value in plan.options.items()},
            "options": [_option(option) for option in running.spec.options],
        }
    )


async def infer(request: Request, service: Service) -> Response:
    """Answer inputs, in frames: pieces as they come where they are wanted, then all results, or what went wrong."""
    asked = decode(await request.body())
    if not isinstance(asked, dict) or not isinstance(asked.get("inputs"), list):
        raise InputError("the body is {'inputs': […], 'options': {…}, 'stream': …}")
    options = asked.get("options") or {}
    if not isinstance(options, dict):
        raise InputError("options are a map")
    running = await service.model(request, request.path_params["model"])
    inputs = [_taken(running.task, given) for given in asked["inputs"]]
    told = bool(asked.get("stream"))
    answering = await service.begin(request, running, inputs, options, told=told)
    if not told:
        results = await answering.results()
        return Response(frame(("answer", await asyncio.to_thread(_sent, running, results))), media_type=MEDIA_TYPE)
    frames = await until_gone(request, begun(_frames(answering)))
    return Events(frames, media_type=MEDIA_TYPE, ended=answering.call.give_up)


async def _frames(answering: Answering) -> AsyncIterator[bytes]:
    try:
        async for some in answering.pieces():
            for delta in some:
                yield frame(("piece", delta_to(delta)))
    except Exception as error:
        fault = fault_of(error)
        yield frame(("failure", error_to(fault.error or InferenceError(fault.message))))
        return
    yield frame(("answer", await asyncio.to_thread(_sent, answering.running, answering.call.results)))


def _taken(task: TaskSpec, given: Any) -> Any:  # Any: what the wire brings, and what the task takes
    """An input; for files, bytes alone: a stranger names no path of this machine."""
    if is_file(task) and not isinstance(given, bytes | dict | list):
        raise Fault(400, "invalid_input", f"'{task.id}' takes the bytes of a file")
    return given


def _sent(running: Running, results: list[Any]) -> list[Any]:  # Any: of the task's output kind
    codecs = Codecs(get_host())
    kind = running.task.outputs[0]
    try:
        return [codecs.write(kind, each) for each in results] if codecs.writes(kind) else results
    except HubError:
        raise
    except Exception as error:
        raise InferenceError(f"the answer cannot be sent: {error}") from error


def _option(option: Option) -> dict[str, JSON]:
    return {
        "name": option.name,
        "type": option.type.__name__,
        "default": _plain(option.default),
        "help": option.help,
        "choices": list(option.choices),
        "min": option.min,
        "max": option.max,
        "many": option.many,
    }


def _plain(value: Any) -> JSON:  # Any: an option's value
    plain: JSON = str(value) if isinstance(value, Path) else value
    return plain
