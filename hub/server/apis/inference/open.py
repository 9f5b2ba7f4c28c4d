"""`/v2/…`: health, metadata and inference of the Open Inference Protocol; clients of Triton and KServe."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from hub import __version__
from hub.plugin.host import get_host
from hub.server.apis.inference.tensors import Given, read_inputs, split_body, write_output
from hub.server.faults import Fault
from hub.server.service import Service
from hub.server.web import Request, Response, json_response
from hub.types import JSON

__all__ = ["infer", "live", "model_metadata", "model_ready", "ready", "server_metadata"]

_LENGTH = "Inference-Header-Content-Length"
_OF_THE_PROTOCOL = frozenset(
    {"binary_data_output", "sequence_id", "sequence_start", "sequence_end", "priority", "timeout"}
)


class Wanted(msgspec.Struct):
    """A tensor that is wanted."""

    name: str
    parameters: dict[str, Any] = {}  # Any: JSON


class InferRequest(msgspec.Struct):
    """`POST /v2/models/{model}/infer`."""

    inputs: list[Given]
    outputs: list[Wanted] | None = None
    id: str = ""
    parameters: dict[str, Any] = {}  # Any: options of the model


async def live(_: Request, __: Service) -> Response:
    """The server runs."""
    return json_response({"live": True})


async def ready(_: Request, service: Service) -> Response:
    """Requests may be sent."""
    return json_response({"ready": service.ready}, 200 if service.ready else 503)


async def server_metadata(_: Request, __: Service) -> Response:
    """What the server is."""
    return json_response({"name": "hub", "version": __version__, "extensions": ["binary_tensor_data"]})


async def model_ready(request: Request, service: Service) -> Response:
    """Whether a model may be asked: it is named here, loaded or not."""
    name = request.path_params["model"]
    await service.target(request, name)
    return json_response({"name": name, "ready": True})


async def model_metadata(request: Request, service: Service) -> Response:
    """The tensors of a model. Loads nothing."""
    name = request.path_params["model"]
    target = await service.target(request, name)
    provided = get_host().tasks.get(target.model.task)
    if provided is None:
        raise Fault(501, "plugin_missing", f"no plugin that is installed knows the task '{target.model.task}'")
    task = provided.spec
    numbers = task.outputs[0] == "vector"
    outputs: JSON = [
        {
            "name": task.outputs[0],
            "datatype": "FP32" if numbers else "BYTES",
            "shape": [-1, -1] if numbers else [-1],
        }
    ]
    inputs: JSON = [{"name": task.inputs[0], "datatype": "BYTES", "shape": [-1]}]
    return json_response(
        {"name": name, "versions": ["1"], "platform": f"hub_{task.id}", "inputs": inputs, "outputs": outputs}
    )


async def infer(request: Request, service: Service) -> Response:
    """Answer the elements of a tensor."""
    head, binary = split_body(await request.body(), request.headers.get(_LENGTH, ""))
    try:
        asked = msgspec.json.decode(head, type=InferRequest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(400, "invalid_request", f"the body is no request: {error}") from error
    name = request.path_params["model"]
    running = await service.model(request, name)
    inputs = read_inputs(running.task, asked.inputs, binary)
    options = {key: value for key, value in asked.parameters.items() if key not in _OF_THE_PROTOCOL}
    results = await (await service.begin(request, running, inputs, options)).results()
    output = running.task.outputs[0]
    for wanted in asked.outputs or []:
        if wanted.name != output:
            raise Fault(400, "invalid_request", f"'{name}' gives '{output}', not '{wanted.name}'", param="outputs")
    in_binary = bool(asked.parameters.get("binary_data_output")) or any(
        wanted.parameters.get("binary_data") for wanted in asked.outputs or []
    )
    written = await asyncio.to_thread(write_output, running.task, results, binary=in_binary)
    answer: dict[str, JSON] = {"model_name": name, "model_version": "1", "outputs": [written.head]}
    if asked.id:
        answer["id"] = asked.id
    if written.content is None:
        return json_response(answer)
    told = msgspec.json.encode(answer)
    return Response(told + written.content, 200, {_LENGTH: str(len(told))}, "application/octet-stream")
