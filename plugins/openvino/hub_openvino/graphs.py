"""Opens ONNX graphs and OpenVINO IR with OpenVINO and runs them.

Knows nothing of tasks: tensors in, tensors out.
"""

from __future__ import annotations

from collections.abc import Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
import openvino as ov  # type: ignore[import-untyped]

from hub.errors import InferenceError
from hub.runtime.protocols import OpenRequest, Session, Tensor
from hub.types import JSON
from hub_openvino.devices import check_precision, get_core, name_of, reason
from hub_openvino.facts import graph_of
from hub_openvino.settings import precision_of, properties

if TYPE_CHECKING:
    from hub.runtime.protocols import Array, Feeds, Outputs

__all__ = ["GraphSession", "name_of_output", "open_session"]

_LARGE = 8 << 20  # bytes of outputs from which the memory between the layers is worth giving back
_EXACT = "f32"
# Not OpenVINO's own table, in which bf16 is float16, and 4 bits are 8.
_DTYPES = {
    "boolean": "bool",
    "f16": "float16",
    "f32": "float32",
    "f64": "float64",
    "string": "str",
    **{f"{short}{bits}": f"{name}{bits}" for short, name in (("i", "int"), ("u", "uint")) for bits in (8, 16, 32, 64)},
}


class GraphSession(Session):
    """Answers `run`, with as many requests as OpenVINO finds worth running at once."""

    def __init__(self, compiled: ov.CompiledModel, model: ov.Model, device: str, precision: str) -> None:
        self._compiled: ov.CompiledModel | None = compiled
        self.inputs = tuple(_tensor(port, name_of_input(port)) for port in model.inputs)
        self.outputs = tuple(_tensor(port, name_of_output(port)) for port in model.outputs)
        self.concurrency = max(1, int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")))
        self._free: SimpleQueue[ov.InferRequest] = SimpleQueue()
        for _ in range(self.concurrency):
            self._free.put(compiled.create_infer_request())
        self.metadata = {**_said(model), "device": device, "precision": precision, "requests": self.concurrency}
        if device == "cpu":
            self.metadata["threads"] = int(compiled.get_property("INFERENCE_NUM_THREADS"))

    def run(self, feeds: Feeds, wanted: Sequence[str] | None = None) -> Outputs:
        """Run the graph. All outputs are computed; those that `wanted` names are copied."""
        assert self._compiled is not None
        request = self._free.get()
        try:
            # By position: a name may be missing, or belong to two outputs. Feeds are read in place, and each of them
            # is given anew, so that no tensor of an earlier call is left in the request.
            given = {place: _feed(feeds[each.name]) for place, each in enumerate(self.inputs)}
            request.infer(given, share_inputs=True)
            found = {
                each.name: _array(request.get_output_tensor(place))
                for place, each in enumerate(self.outputs)
                if wanted is None or each.name in wanted
            }
            if self.concurrency == 1 and sum(array.nbytes for array in found.values()) > _LARGE:
                self._compiled.release_memory()
        finally:
            self._free.put(request)
        return found

    def close(self) -> None:
        """Give the memory back."""
        while not self._free.empty():
            self._free.get()
        self._compiled = None


def open_session(request: OpenRequest) -> GraphSession:
    """Load the graph of a part, on one device.

    Raises
    ------
    InferenceError
        The file is broken, the graph needs what this OpenVINO lacks, or the device does not take it.
    OptionError
        The device does not compute in the precision that was asked for.
    """
    try:
        path = request.path / graph_of(request.facts.parts[request.part])
    except ValueError as error:
        raise InferenceError(f"nothing to open in {request.path}: {error}") from error
    core = get_core()
    device = name_of(core, request.device)
    wanted = precision_of(request, _EXACT)
    precision = check_precision(core, request.device, wanted)
    try:
        model = core.read_model(path)
        _refuse_unknown(model, str(path))
        compiled = core.compile_model(model, device, properties(request, wanted))
    except RuntimeError as error:
        raise InferenceError(f"{path} cannot be loaded by openvino {ov.__version__}: {reason(error)}") from error
    return GraphSession(compiled, model, request.device, precision)


def name_of_input(port: ov.Output) -> str:
    """The name that the graph's author gave, which is also that of the node."""
    return _name(port, str(port.get_node().get_friendly_name()))


def name_of_output(port: ov.Output) -> str:
    """The name that the graph's author gave; OpenVINO keeps it beside those of tensors that it was merged with."""
    return _name(port, str(port.get_node().get_friendly_name()).partition("/sink_port_")[0])


def _name(port: ov.Output, own: str) -> str:
    names = sorted(port.get_names())
    return own if own in names or not names else str(port.get_any_name() if len(names) == 1 else names[-1])


def _said(model: ov.Model) -> dict[str, JSON]:
    """What the metadata of an ONNX graph says; OpenVINO keeps it when it reads the graph, and when it writes it."""
    kept = model.get_rt_info()
    said = kept["framework"] if "framework" in set(kept.keys()) else None
    return {str(key): str(value.astype(str)) for key, value in said.items()} if isinstance(said, dict) else {}


def _tensor(port: ov.Output, name: str) -> Tensor:
    shape = tuple("" if size.is_dynamic else int(size.get_length()) for size in port.get_partial_shape())
    return Tensor(name=name, dtype=_DTYPES[port.get_element_type().to_string()], shape=shape)


def _feed(array: Array) -> Array:
    """Texts as numpy's own kind of text, which OpenVINO takes; all else as it is."""
    return array.astype(str) if array.dtype.kind == "O" else array


def _array(tensor: ov.Tensor) -> Array:
    """A copy that the next call does not write over."""
    if tensor.element_type == ov.Type.string:
        return np.array(tensor.str_data, dtype=object)
    copy: Array = np.array(tensor.data)
    return copy


def _refuse_unknown(model: ov.Model, where: str) -> None:
    """Ports whose type numpy does not have, or whose rank is open, cannot be declared."""
    for port in (*model.inputs, *model.outputs):
        kind = port.get_element_type().to_string()
        if port.get_partial_shape().rank.is_dynamic:
            raise InferenceError(f"a tensor of {where} has any number of dimensions, which cannot be declared: {port}")
        if kind not in _DTYPES:
            raise InferenceError(f"a tensor of {where} is of type {kind}, which numpy does not have: {port}")
