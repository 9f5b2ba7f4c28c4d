"""`int8-static` of ONNX graphs: weights and activations in 8 bits, with ranges that calibration data shows.

Jacob et al. (https://arxiv.org/abs/1712.05877), as `QuantizeLinear` and `DequantizeLinear` before matrix products,
after SmoothQuant (Xiao et al., https://arxiv.org/abs/2211.10438): channel `j` of what a matrix takes is divided by
`max|x_j|**strength / max|w_j|**(1 - strength)`, and row `j` of the matrix multiplied with it. What matrix products give
stays in float, as do softmax and normalisation: 8 bits for the sums of a residual stream, which has outliers, is what
makes naive settings lose a tenth. Knows nothing of tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import onnx

from hub.errors import NothingToDo
from hub.runtime.protocols import TransformRequest
from hub_quantize.calibration import calibration_feeds
from hub_quantize.onnx_graphs.dynamic import quantize_columns
from hub_quantize.onnx_graphs.graph import Graph, read_graph
from hub_quantize.onnx_graphs.others import STATIC, other_static
from hub_quantize.onnx_graphs.tables import quantize_tables
from hub_quantize.onnx_graphs.watching import watch_channels

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["int8_static", "range_of", "smoothing"]

_FLOAT = onnx.TensorProto.FLOAT
_OPSET = 13  # the first with scales for each channel
_LEAST = 1e-5


def int8_static(request: TransformRequest) -> None:
    """Write the graph with integer matrix products and convolutions.

    Raises
    ------
    UsageError
        There is nothing in it to compress, a pattern of `exclude` matches nothing, or it is of an older set of
        operators that ONNX cannot rewrite.
    InferenceError
        Nothing installed runs the graph, or it gives NaN on the calibration data.
    """
    graph = read_graph(request)
    if graph.opset < _OPSET and any(node.op_type in ("MatMul", *STATIC) for node in graph.nodes):
        graph = graph.at_opset(_OPSET)
    products = [node for node in graph.products(request.options["exclude"]) if graph.kind(node.input[1]) == _FLOAT]
    others = any(node.op_type in STATIC for node in graph.nodes)
    if not products and not others:
        raise NothingToDo(f"{graph.name} has no constant float32 matrices and no convolutions for int8-static")
    feeds, reduce = calibration_feeds(request), bool(request.options["reduce_range"])
    widths = {node.input[0]: graph.initializers[node.input[1]].dims[0] for node in products}
    ranges = watch_channels(graph, widths, feeds)
    for place, taken in enumerate(widths):
        members = [node for node in products if node.input[0] == taken]
        _replace(graph, members, ranges[taken], f"hub_{place}", float(str(request.options["smooth"])), reduce=reduce)
    if request.options["embeddings"]:
        quantize_tables(graph)
    if others:
        graph = other_static(graph, request.work or request.out, feeds, reduce_range=reduce)
    request.tell(f"{len(products)} matrices in 8 bits")
    graph.write(request)


def smoothing(largest: Array, rows: Array, strength: float) -> Array:
    """What each channel is divided by, float32 (channels,): 1 where it is off or a channel never has a value.

    Parameters
    ----------
    largest, rows
        Largest absolute value of each channel of what the matrices take, and of each row of them.
    """
    if not strength:
        return np.ones_like(largest)
    scales = np.maximum(largest, _LEAST) ** strength / np.maximum(rows, _LEAST) ** (1 - strength)
    return np.where(largest > _LEAST, scales, 1).astype(np.float32)


def range_of(low: float, high: float) -> tuple[np.float32, np.uint8]:
    """Scale and zero point that spread [low, high], with zero in it, over 0 to 255."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32((high - low) / 255) if high > low else np.float32(1)
    return scale, np.uint8(np.clip(np.rint(-low / scale), 0, 255))


def _replace(
    graph: Graph,
    members: Sequence[onnx.NodeProto],
    channels: tuple[Array, Array],
    name: str,
    strength: float,
    *,
    reduce: bool,
) -> None:
    """Round what some products take, smoothed, once for all of them; and their matrices."""
    low, high = channels
    rows = np.max([np.abs(graph.weight(node.input[1])).max(axis=1) for node in members], axis=0)
    divisors = smoothing(np.maximum(np.abs(low), np.abs(high)), rows, strength)
    scale, zero = range_of(float((low / divisors).min()), float((high / divisors).max()))
    pair = [graph.add(f"{name}_scale", np.asarray(scale)), graph.add(f"{name}_zero", np.asarray(zero))]
    make, taken = onnx.helper.make_node, members[0].input[0]
    before = [
        make("QuantizeLinear", [f"{name}_smooth" if strength else taken, *pair], [f"{name}_uint8"], f"{name}/round"),
        make("DequantizeLinear", [f"{name}_uint8", *pair], [f"{name}_rounded"], f"{name}/rounded"),
    ]
    if strength:
        factors = graph.add(f"{name}_factors", (1 / divisors).astype(np.float32))
        before.insert(0, make("Mul", [taken, factors], [f"{name}_smooth"], f"{name}/smooth"))
    for node in members:
        integers, scales = quantize_columns(graph.weight(node.input[1]) * divisors[:, None], 63 if reduce else 127)
        stored = f"{node.input[1]}_{name}"
        named = [graph.add(f"{stored}_int8", integers), graph.add(f"{stored}_scale", scales)]
        graph.put(
            node,
            *before,
            make("DequantizeLinear", named, [f"{stored}_float"], f"{node.name}/weight", axis=1),
            make("MatMul", [f"{name}_rounded", f"{stored}_float"], list(node.output), node.name),
        )
        before = []
