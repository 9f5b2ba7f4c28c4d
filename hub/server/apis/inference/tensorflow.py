"""`POST /v1/models/{model}:predict` and `:classify`, as clients of TensorFlow Serving ask.

See https://www.tensorflow.org/tfx/serving/api_rest. An instance is an input of the task, or an object with one input
under any name; a file is `{"b64": …}`. The state of a model is in `GET /v1/models/{model}`, beside what clients of
OpenAI read there.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hub.server.apis.values import as_input, as_json
from hub.server.faults import Fault
from hub.server.models.running import Running
from hub.server.service import Service
from hub.server.web import Request, Response, json_response, read_json
from hub.types import JSON

__all__ = ["classify", "predict"]


class Predict(msgspec.Struct):
    """The row format (`instances`) or the column format (`inputs`)."""

    instances: list[Any] | None = None  # Any: inputs of the task
    inputs: Any = None  # Any: as above
    signature_name: str = ""
    parameters: dict[str, Any] = {}  # Any: options of the model


class Classify(msgspec.Struct):
    """Examples to label."""

    examples: list[Any]  # Any: inputs of the task
    context: Any = None  # Any: not used
    parameters: dict[str, Any] = {}  # Any: options of the model


async def predict(request: Request, service: Service) -> Response:
    """Answer instances."""
    asked = await read_json(request, Predict)
    if (asked.instances is None) == (asked.inputs is None):
        raise Fault(400, "invalid_request", "the body has either instances or inputs", param="instances")
    given = asked.instances if asked.instances is not None else asked.inputs
    listed = given if isinstance(given, list) else [given]
    _, results = await _answered(request, service, listed, asked.parameters, "instances")
    shown = [as_json(each) for each in results]
    return json_response({"predictions" if asked.instances is not None else "outputs": shown})


async def classify(request: Request, service: Service) -> Response:
    """Label examples: pairs of label and score."""
    asked = await read_json(request, Classify)
    running, results = await _answered(request, service, asked.examples, asked.parameters, "examples")
    if running.task.outputs[0] != "labels":
        raise Fault(400, "wrong_task", f"'{running.plan.model}' gives {running.task.outputs[0]}, not labels")
    pairs: list[JSON] = [[[each["label"], each["score"]] for each in result] for result in results]
    return json_response({"results": pairs})


async def _answered(
    request: Request,
    service: Service,
    given: list[Any],  # Any: inputs of the task
    options: dict[str, Any],
    place: str,
) -> tuple[Running, list[Any]]:
    if not given:
        raise Fault(400, "invalid_request", "there is nothing to answer", param=place)
    running = await service.model(request, request.path_params["model"])
    inputs = [as_input(running.task, _plain(running, each), f"{place}[{number}]") for number, each in enumerate(given)]
    return running, await (await service.begin(request, running, inputs, options)).results()


def _plain(running: Running, given: Any) -> Any:  # Any: an instance, and an input
    """An instance without the name of its tensor."""
    if isinstance(given, dict) and len(given) == 1 and running.task.inputs[0] != "json":
        given = next(iter(given.values()))
    if isinstance(given, dict) and set(given) == {"b64"}:
        given = given["b64"]
    return given
