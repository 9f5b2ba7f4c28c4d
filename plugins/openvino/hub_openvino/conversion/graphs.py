"""An ONNX graph as OpenVINO IR. Weights keep their precision. Knows nothing of tasks."""

from __future__ import annotations

import openvino as ov  # type: ignore[import-untyped]

from hub.errors import InferenceError
from hub.runtime.protocols import TransformRequest
from hub_openvino.devices import get_core, reason
from hub_openvino.facts import graph_of
from hub_openvino.graphs import name_of_input, name_of_output

__all__ = ["convert"]


def convert(request: TransformRequest) -> None:
    """Write `openvino_model.xml` and `openvino_model.bin`; inputs and outputs keep the names of the ONNX graph.

    Raises
    ------
    InferenceError
        OpenVINO cannot read the graph.
    """
    name = graph_of(request.facts.parts[request.part])
    core = get_core()
    try:
        model = core.read_model(request.path / name)
    except RuntimeError as error:
        raise InferenceError(f"{name} cannot be converted by openvino {ov.__version__}: {reason(error)}") from error
    for port in model.inputs:
        port.get_tensor().set_names({name_of_input(port)})
    for port in model.outputs:
        port.get_tensor().set_names({name_of_output(port)})
    ov.save_model(model, request.out / "openvino_model.xml", compress_to_fp16=False)
