"""`fp16` of ONNX graphs: weights and computation in float16, inputs and outputs as they are.

Follows Micikevicius et al., Mixed Precision Training (https://arxiv.org/abs/1710.03740), for inference. Knows nothing
of integers.
"""

from __future__ import annotations

import warnings

from onnxruntime.transformers.float16 import convert_float_to_float16  # type: ignore[import-untyped]

from hub.errors import UsageError
from hub.runtime.protocols import TransformRequest
from hub_quantize.onnx_graphs.graph import read_graph

__all__ = ["fp16"]

_FLOAT = 1  # onnx.TensorProto.FLOAT


def fp16(request: TransformRequest) -> None:
    """Write the graph in float16; operators that have no float16 keep float32.

    Numbers beyond the range of float16 are cut to it: attention masks hold such numbers, and mean the same then.

    Raises
    ------
    UsageError
        No weight is in float32.
    """
    graph = read_graph(request)
    if not any(tensor.data_type == _FLOAT for tensor in graph.initializers.values()):
        raise UsageError(f"{graph.name} holds no float32 weights, so fp16 finds nothing to compress")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the float32 number .* will be truncated")  # said above
        model = convert_float_to_float16(graph.model, keep_io_types=True, max_finite_val=65504.0)
    graph.made(model).write(request.out)
