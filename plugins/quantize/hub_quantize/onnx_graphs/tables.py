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

_LEAST = 1 << 14  # weights of a table for which it is worth the nodes
_ROWS = 4096  # at once


def quantize_tables(graph: Graph) -> int:
    """Replace `Gather(table, ids)` by `Cast(Gather(int8, ids)) * Gather(scales, ids)`; how many were replaced."""
    done = 0
    for node in list(graph.nodes):
        along = next((each.i for each in node.attribute if each.name == "axis"), 0)
        if node.op_type != "Gather" or along != 0 or not graph.is_matrix(node.input[0]):
            continue
        if np.prod(graph.initializers[node.input[0]].dims) >= _LEAST:
            _replace(graph, node)
            done += 1
    return done


def quantize_rows(values: Array) -> tuple[Array, Array]:
    """Integers (rows, width) int8 in [-127, 127], and the scale of each row (rows, 1) float32."""
    integers = np.empty(values.shape, np.int8)
    scales = np.ones((len(values), 1), np.float32)
    for start in range(0, len(values), _ROWS):
        rows = values[start : start + _ROWS]
        largest = np.abs(rows).max(axis=1, keepdims=True)
        scales[start : start + _ROWS] = np.where(largest > 0, largest / 127, 1)
        integers[start : start + _ROWS] = np.rint(rows / scales[start : start + _ROWS])
    return integers, scales


def _replace(graph: Graph, node: onnx.NodeProto) -> None:
    table, ids, out = node.input[0], node.input[1], node.output[0]
    kind = graph.kind(table)
    names = [f"{table}_int8", f"{table}_scale"]
    if names[0] not in graph.initializers:
        rows, scales = quantize_rows(graph.weight(table))
        graph.add(names[0], rows)
        graph.add(names[1], scales.astype(onnx.helper.tensor_dtype_to_np_dtype(kind)))
    make = onnx.helper.make_node
    graph.put(
        node,
        make("Gather", [names[0], ids], [f"{out}_int8"], f"{node.name}/int8", axis=0),
        make("Gather", [names[1], ids], [f"{out}_scale"], f"{node.name}/scale", axis=0),
        make("Cast", [f"{out}_int8"], [f"{out}_cast"], f"{node.name}/cast", to=kind),
        make("Mul", [f"{out}_cast", f"{out}_scale"], [out], f"{node.name}/scaled"),
    )
