"""`fp16` of ONNX graphs: weights and computation in float16, inputs and outputs as they are.

Micikevicius et al., Mixed Precision Training (https://arxiv.org/abs/1710.03740), for inference. Nodes are rewritten by
ONNX Runtime's own tool; weights do not pass through it, so that few of them are in memory at once. Knows nothing of
integers.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnxruntime.transformers.float16 import convert_float_to_float16  # type: ignore[import-untyped]

from hub.errors import InferenceError, NothingToDo
from hub.runtime.protocols import TransformRequest
from hub_quantize.onnx_graphs.graph import Graph, read_graph
from hub_quantize.onnx_graphs.order import sort_nodes

__all__ = ["fp16"]

_FLOAT, _HALF = onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16
_LARGEST = 65504.0  # of float16


def fp16(request: TransformRequest) -> None:
    """Write the graph in float16; operators that have no float16 keep float32.

    Constants beyond the range of float16 are cut to it: attention masks are such numbers, and mean the same then.

    Raises
    ------
    UsageError
        No weight is in float32.
    InferenceError
        A matrix holds a number that float16 cannot hold.
    """
    graph = read_graph(request)
    floats = [name for name in graph.initializers if graph.kind(name) == _FLOAT]
    if not floats:
        raise NothingToDo(f"{graph.name} holds no float32 weights, so fp16 finds nothing to compress")
    named = [name for name in floats if graph.is_matrix(name)]
    kept = [each.name for each in (*graph.model.graph.input, *graph.model.graph.output)]
    bare = onnx.ModelProto()
    bare.CopyFrom(graph.model)
    _turn_into_inputs(bare.graph, set(named))
    for tensor in bare.graph.initializer:
        graph.fill(tensor)
    made = convert_float_to_float16(bare, keep_io_types=kept, max_finite_val=_LARGEST)
    sort_nodes(made.graph)  # the tool puts its casts at the end
    _turn_into_weights(made.graph, graph, set(named))
    Graph(made, graph.folder, graph.name, external=graph.external).write(request)


def _turn_into_inputs(graph: onnx.GraphProto, names: set[str]) -> None:
    for place in reversed(range(len(graph.initializer))):
        tensor = graph.initializer[place]
        if tensor.name in names:
            graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, _FLOAT, tensor.dims))
            del graph.initializer[place]


def _turn_into_weights(made: onnx.GraphProto, origin: Graph, names: set[str]) -> None:
    kinds = {each.name: each.type.tensor_type.elem_type for each in made.input if each.name in names}
    for place in reversed(range(len(made.input))):
        if made.input[place].name in names:
            del made.input[place]
    for name, kind in kinds.items():
        values = origin.weight(name)
        if kind == _HALF and np.abs(values).max(initial=0) > _LARGEST:
            raise InferenceError(
                f"weight '{name}' of {origin.name} holds {np.abs(values).max():.3g}, which float16 cannot hold"
            )
        made.initializer.append(
            onnx.numpy_helper.from_array(values.astype(np.float16) if kind == _HALF else values, name)
        )
