"""Moves what is hard to round from activations into weights, so that both fit 8 bits.

Xiao et al., SmoothQuant (https://arxiv.org/abs/2211.10438): channel `j` of what a matrix takes is divided by
`max|x_j|**strength / max|w_j|**(1 - strength)`, and row `j` of the matrix multiplied with it. The division is a node
of its own, because what the matrix takes goes elsewhere too. Knows nothing of rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]

from hub.errors import InferenceError
from hub_quantize.onnx_graphs.graph import Graph

if TYPE_CHECKING:
    from hub.runtime.protocols import Array, Feeds

__all__ = ["measure_channels", "smooth"]

_FATAL = 4
_LEAST = 1e-5


def measure_channels(graph: Graph, widths: Mapping[str, int], feeds: Sequence[Feeds], work: Path) -> dict[str, Array]:
    """Largest absolute value of each channel of tensors over all feeds.

    Parameters
    ----------
    widths
        Tensors of the graph, and the size of the last dimension of each.
    work
        Folder for a copy of the graph that gives these as outputs.

    Raises
    ------
    InferenceError
        A tensor holds NaN or infinity.
    """
    watched = onnx.ModelProto()
    watched.CopyFrom(graph.model)
    for place, (name, width) in enumerate(widths.items()):
        _watch(watched, name, width, f"hub_watch_{place}")
    path = work / "watched.onnx"
    (work / "watched.onnx_data").unlink(missing_ok=True)  # onnx appends to what lies there
    onnx.save_model(watched, str(path), save_as_external_data=True, location="watched.onnx_data", size_threshold=1024)
    del watched
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = _FATAL
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    wanted = [f"hub_watch_{place}" for place in range(len(widths))]
    largest: list[Array] = [np.zeros(width, np.float32) for width in widths.values()]
    for each in feeds:
        found = session.run(wanted, dict(each))
        largest = [np.maximum(before, values) for before, values in zip(largest, found, strict=True)]
    for name, values in zip(widths, largest, strict=True):
        if not np.isfinite(values).all():
            raise InferenceError(f"tensor '{name}' of {graph.name} holds NaN or infinity on the calibration data")
    return dict(zip(widths, largest, strict=True))


def smooth(
    graph: Graph, matrices: Sequence[tuple[onnx.NodeProto, Array]], largest: Mapping[str, Array], strength: float
) -> None:
    """Scale matrices and what they take."""
    groups: dict[str, list[tuple[onnx.NodeProto, Array]]] = {}
    for node, matrix in matrices:
        groups.setdefault(node.input[0], []).append((node, matrix))
    for place, (name, members) in enumerate(groups.items()):
        rows = np.max([np.abs(matrix).max(axis=1) for _, matrix in members], axis=0)
        scales = np.maximum(largest[name], _LEAST) ** strength / np.maximum(rows, _LEAST) ** (1 - strength)
        scales = np.where(largest[name] > _LEAST, scales, 1).astype(np.float32)
        kind = onnx.helper.tensor_dtype_to_np_dtype(graph.initializers[members[0][0].input[1]].data_type)
        factor = graph.add(f"hub_smooth_{place}", (1 / scales).astype(kind))
        scaled = f"{name}/smooth"
        division = onnx.helper.make_node("Mul", [name, factor], [scaled], f"hub_smooth_{place}/Mul")
        for first, (node, matrix) in enumerate(members):
            weight = graph.add(f"{node.input[1]}/smooth_{place}", (matrix * scales[:, None]).astype(kind))
            product = onnx.helper.make_node("MatMul", [scaled, weight], list(node.output), node.name)
            graph.put(node, *([] if first else [division]), product)
            graph.forget(node.input[1])
    graph.settle()


def _watch(model: onnx.ModelProto, name: str, width: int, output: str) -> None:
    """Add an output (width,): the largest absolute value of each channel of a tensor (..., width)."""
    make, graph = onnx.helper.make_node, model.graph
    versions = {each.domain: each.version for each in model.opset_import}
    graph.initializer.append(onnx.helper.make_tensor(f"{output}_shape", onnx.TensorProto.INT64, [2], [-1, width]))
    if versions.get("", 0) >= 18:
        graph.initializer.append(onnx.helper.make_tensor(f"{output}_axes", onnx.TensorProto.INT64, [1], [0]))
        largest = make("ReduceMax", [f"{output}_rows", f"{output}_axes"], [output], keepdims=0)
    else:
        largest = make("ReduceMax", [f"{output}_rows"], [output], keepdims=0, axes=[0])
    graph.node.extend(
        [
            make("Abs", [name], [f"{output}_abs"]),
            make("Cast", [f"{output}_abs"], [f"{output}_cast"], to=onnx.TensorProto.FLOAT),
            make("Reshape", [f"{output}_cast", f"{output}_shape"], [f"{output}_rows"]),
            largest,
        ]
    )
    graph.output.append(onnx.helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, [width]))
