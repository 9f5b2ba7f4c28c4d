"""Tables of embeddings in 8 bits: a scale for each row, so that a rare word with large numbers spoils no other.

Made of standard operators alone, so that every runtime reads them. Knows nothing of matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx

from hub_quantize.onnx_graphs.graph import Graph

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["quantize_rows", "quantize_tables"]

_LEAST = 1 << 16  # weights of a table for which it is worth the nodes


def quantize_tables(graph: Graph) -> int:
    """Replace `Gather(table, ids)` by `Cast(Gather(int8, ids)) * Gather(scales, ids)`; how many were replaced."""
    done = 0
    for node in list(graph.nodes):
        if node.op_type != "Gather" or any(each.name == "axis" and each.i != 0 for each in node.attribute):
            continue
        tensor = graph.initializers.get(node.input[0])
        if tensor is None or len(tensor.dims) != 2 or int(np.prod(tensor.dims)) < _LEAST:
            continue
        values = graph.weight(node.input[0])
        if values is not None:
            _replace(graph, node, values, tensor.data_type)
            done += 1
    return done


def quantize_rows(values: Array) -> tuple[Array, Array]:
    """Integers (rows, width) int8 in [-127, 127], and the scale of each row (rows, 1) float32."""
    largest = np.abs(values).max(axis=1, keepdims=True)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(values / scales).astype(np.int8), scales


def _replace(graph: Graph, node: onnx.NodeProto, values: Array, kind: int) -> None:
    table, out = node.input[0], node.output[0]
    integers, scales = f"{table}_int8", f"{table}_scale"
    if integers not in graph.initializers:
        rows, steps = quantize_rows(values)
        graph.add(integers, rows)
        graph.add(scales, steps.astype(onnx.helper.tensor_dtype_to_np_dtype(kind)))
    make = onnx.helper.make_node
    graph.put(
        node,
        make("Gather", [integers, node.input[1]], [f"{out}_int8"], f"{node.name}/int8", axis=0),
        make("Gather", [scales, node.input[1]], [f"{out}_scale"], f"{node.name}/scale", axis=0),
        make("Cast", [f"{out}_int8"], [f"{out}_cast"], f"{node.name}/cast", to=kind),
        make("Mul", [f"{out}_cast", f"{out}_scale"], [out], f"{node.name}/scaled"),
    )
    graph.forget(table)
