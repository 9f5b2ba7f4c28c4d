"""How large the channels of tensors get while a graph is fed: what ranges and smoothing are made of.

Runs the graph with ONNX Runtime. Knows nothing of rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]

from hub.errors import InferenceError
from hub_quantize.onnx_graphs.graph import Graph

if TYPE_CHECKING:
    from hub.runtime.protocols import Array, Feeds

__all__ = ["watch_channels"]

_FATAL = 4
_ROWS = 4  # at once: activations take more memory than the weights of a small model
_SIDES = ("Min", "Max")


def watch_channels(graph: Graph, widths: Mapping[str, int], feeds: Sequence[Feeds]) -> dict[str, tuple[Array, Array]]:
    """Smallest and largest value of each channel of tensors over all feeds.

    Parameters
    ----------
    widths
        Tensors of the graph, and the size of the last dimension of each.

    Raises
    ------
    InferenceError
        ONNX Runtime does not run the graph, or a tensor holds NaN or infinity.
    """
    names = list(widths)
    session = _session(graph, widths)
    wanted = [f"hub_watch_{place}_{side}" for place in range(len(names)) for side in _SIDES]
    lows = [np.full(width, np.inf, np.float32) for width in widths.values()]
    highs = [np.full(width, -np.inf, np.float32) for width in widths.values()]
    for each in _slices(graph, feeds):
        found = session.run(wanted, each)
        for place, name in enumerate(names):
            low, high = found[2 * place], found[2 * place + 1]
            if not (np.isfinite(low).all() and np.isfinite(high).all()):
                raise InferenceError(f"tensor '{name}' of {graph.name} is NaN or infinite on the calibration data")
            np.minimum(lows[place], low, out=lows[place])
            np.maximum(highs[place], high, out=highs[place])
    return {name: (lows[place], highs[place]) for place, name in enumerate(names)}


def _session(graph: Graph, widths: Mapping[str, int]) -> onnxruntime.InferenceSession:
    watched = onnx.ModelProto()
    watched.CopyFrom(graph.model)
    for place, (name, width) in enumerate(widths.items()):
        _watch(watched.graph, graph.opset, name, width, f"hub_watch_{place}")
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = _FATAL
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.enable_cpu_mem_arena = False  # would keep the memory of the largest batch
    settings.add_session_config_entry("session.disable_prepacking", "1")  # a second copy of the weights
    settings.add_session_config_entry("session.model_external_initializers_file_folder_path", str(graph.folder))
    try:
        return onnxruntime.InferenceSession(watched.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base of their own
        reason = str(error).removeprefix("[ONNXRuntimeError] : ").strip()
        raise InferenceError(f"{graph.name} cannot be calibrated: {reason}") from error


def _slices(graph: Graph, feeds: Sequence[Feeds]) -> Iterator[dict[str, Array]]:
    """Feeds of a few rows each, where the graph says that the first dimension of every input is the same free one."""
    firsts = [each.type.tensor_type.shape.dim[:1] for each in graph.model.graph.input]
    free = {dims[0].dim_param if dims else "" for dims in firsts}
    for each in feeds:
        counts = {len(value) for value in each.values() if value.ndim}
        if len(free) > 1 or "" in free or len(counts) != 1:
            yield dict(each)
            continue
        for start in range(0, counts.pop(), _ROWS):
            yield {name: value[start : start + _ROWS] for name, value in each.items()}


def _watch(graph: onnx.GraphProto, opset: int, name: str, width: int, output: str) -> None:
    """Add outputs (width,): the smallest and largest value of each channel of a tensor (..., width)."""
    make, integers = onnx.helper.make_node, onnx.TensorProto.INT64
    graph.initializer.append(onnx.helper.make_tensor(f"{output}_shape", integers, [2], [-1, width]))
    graph.initializer.append(onnx.helper.make_tensor(f"{output}_axes", integers, [1], [0]))
    graph.node.append(make("Cast", [name], [f"{output}_cast"], to=onnx.TensorProto.FLOAT))
    graph.node.append(make("Reshape", [f"{output}_cast", f"{output}_shape"], [f"{output}_rows"]))
    for side in _SIDES:
        node = make(f"Reduce{side}", [f"{output}_rows"], [f"{output}_{side}"], keepdims=0)
        if opset >= 18:  # axes became an input
            node.input.append(f"{output}_axes")
        else:
            node.attribute.append(onnx.helper.make_attribute("axes", [0]))
        graph.node.append(node)
        graph.output.append(onnx.helper.make_tensor_value_info(f"{output}_{side}", onnx.TensorProto.FLOAT, [width]))
