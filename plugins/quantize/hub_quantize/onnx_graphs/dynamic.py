"""`int8-dynamic` of ONNX graphs: weights in 8 bits, activations rounded to 8 bits while the model answers.

Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference
(https://arxiv.org/abs/1712.05877), with a scale for each output channel. Needs no data. Knows nothing of tasks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx

from hub.errors import NothingToDo
from hub.runtime.protocols import TransformRequest
from hub_quantize.onnx_graphs.graph import Graph, read_graph
from hub_quantize.onnx_graphs.others import DYNAMIC, other_dynamic
from hub_quantize.onnx_graphs.tables import quantize_tables

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["int8_dynamic", "quantize_columns"]

_FLOAT = onnx.TensorProto.FLOAT


def int8_dynamic(request: TransformRequest) -> None:
    """Write the graph with integer matrix products.

    Raises
    ------
    UsageError
        There is no matrix product with constant float weights, or a pattern of `exclude` matches none.
    """
    graph, reduce = read_graph(request), bool(request.options["reduce_range"])
    products = [node for node in graph.products(request.options["exclude"]) if graph.kind(node.input[1]) == _FLOAT]
    others = any(node.op_type in DYNAMIC for node in graph.nodes)
    if not products and not others:
        raise NothingToDo(
            f"{graph.name} has no matrix product with constant float32 weights, so int8-dynamic finds nothing to do",
            hint="Convolutions are compressed by: int8-static",
        )
    rounded: set[str] = set()
    for node in products:
        _replace(graph, node, rounded, largest=63 if reduce else 127, whole=not request.options["per_channel"])
    if request.options["embeddings"]:
        quantize_tables(graph)
    if others:
        graph = other_dynamic(graph, request.work or request.out, reduce_range=reduce)
    request.tell(f"{len(products)} matrices in 8 bits")
    graph.write(request)


def quantize_columns(matrix: Array, largest: int = 127, *, whole: bool = False) -> tuple[Array, Array]:
    """Integers int8 of a matrix (in, out) within ±largest, and scales: of each column (out,), or of the `whole`, ()."""
    peak = np.abs(matrix).max() if whole else np.abs(matrix).max(axis=0)
    scales = np.where(peak > 0, peak / largest, 1).astype(np.float32)
    return np.rint(matrix / scales).astype(np.int8), scales


def _replace(graph: Graph, node: onnx.NodeProto, rounded: set[str], *, largest: int, whole: bool) -> None:
    """Round what the product takes, once for all products that take it, and multiply integers."""
    taken, weight, out = node.input[0], node.input[1], node.output[0]
    integers, scale = f"{weight}_int8", f"{weight}_scale"
    if integers not in graph.initializers:
        values, scales = quantize_columns(graph.weight(weight), largest, whole=whole)
        graph.add(integers, values)
        graph.add(scale, scales)
    make = onnx.helper.make_node
    parts = [f"{taken}/{part}" for part in ("uint8", "scale", "zero")]
    rounding = [] if taken in rounded else [make("DynamicQuantizeLinear", [taken], parts, f"{node.name}/round")]
    rounded.add(taken)
    graph.put(
        node,
        *rounding,
        make("MatMulInteger", [parts[0], integers, parts[2]], [f"{out}_int32"], f"{node.name}/int8"),
        make("Cast", [f"{out}_int32"], [f"{out}_float"], f"{node.name}/cast", to=_FLOAT),
        make("Mul", [parts[1], scale], [f"{out}_scale"], f"{node.name}/scale"),
        make("Mul", [f"{out}_float", f"{out}_scale"], [out], f"{node.name}/scaled"),
    )
