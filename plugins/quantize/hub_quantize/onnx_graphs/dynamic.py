"""`int8-dynamic` of ONNX graphs: weights in 8 bits, activations rounded to 8 bits while the model answers.

Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference
(https://arxiv.org/abs/1712.05877), with a scale for each output channel. Done by ONNX Runtime; needs no data.
"""

from __future__ import annotations

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]
from onnxruntime.quantization.quant_utils import add_pre_process_metadata  # type: ignore[import-untyped]

from hub.errors import UsageError
from hub.runtime.protocols import TransformRequest
from hub_quantize.onnx_graphs.graph import read_graph
from hub_quantize.onnx_graphs.tables import quantize_tables

__all__ = ["int8_dynamic"]

_OPERATORS = ["MatMul", "Attention", "LSTM"]
"""Convolutions are left: their integer kernel has one scale for a whole tensor, and is slower than float32."""


def int8_dynamic(request: TransformRequest) -> None:
    """Write the graph with integer matrix products.

    Raises
    ------
    UsageError
        There is no matrix product with constant float weights, or a pattern of `exclude` matches none.
    """
    graph = read_graph(request)
    excluded = request.options["exclude"]
    patterns = [str(each) for each in excluded] if isinstance(excluded, list) else []
    chosen = {node.name for node, _ in graph.matrices(patterns)}
    if not chosen and not any(node.op_type in _OPERATORS[1:] for node in graph.nodes):
        raise UsageError(
            f"{graph.name} has no matrix product with constant float weights, so int8-dynamic finds nothing to do",
            hint="Convolutions are compressed by: int8-static",
        )
    if request.options["embeddings"]:
        quantize_tables(graph)
        graph.settle()
    kept = [node.name for node in graph.nodes if node.op_type == "MatMul" and node.name not in chosen]
    made = request.out / "quantized.onnx"
    add_pre_process_metadata(graph.model)  # otherwise a warning asks for a rewrite of the graph, which hub never does
    quantize_dynamic(
        graph.model,
        made,
        op_types_to_quantize=_OPERATORS,
        nodes_to_exclude=kept,
        per_channel=bool(request.options["per_channel"]),
        reduce_range=bool(request.options["reduce_range"]),
        weight_type=QuantType.QInt8,
        use_external_data_format=graph.external,
    )
    model = onnx.load(str(made))
    for path in request.out.glob("quantized.onnx*"):
        path.unlink()
    request.tell(f"{len(chosen)} matrices in 8 bits")
    graph.made(model).write(request.out)
