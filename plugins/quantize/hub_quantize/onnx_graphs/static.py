"""`int8-static` of ONNX graphs: weights and activations in 8 bits, with ranges that calibration data shows.

Jacob et al. (https://arxiv.org/abs/1712.05877), as `QuantizeLinear` and `DequantizeLinear` around the operators, after
SmoothQuant (Xiao et al., https://arxiv.org/abs/2211.10438). Done by ONNX Runtime. Matrix products of activations with
each other, softmax and normalisation stay in float: rounding those is what makes naive settings lose a tenth.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
from onnxruntime.quantization import (  # type: ignore[import-untyped]
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.quant_utils import add_pre_process_metadata  # type: ignore[import-untyped]

from hub.errors import UsageError
from hub.runtime.protocols import TransformRequest
from hub_quantize.calibration import calibration_feeds
from hub_quantize.onnx_graphs.graph import Graph, read_graph
from hub_quantize.onnx_graphs.smoothing import measure_channels, smooth
from hub_quantize.onnx_graphs.tables import quantize_tables

if TYPE_CHECKING:
    from hub.runtime.protocols import Feeds

__all__ = ["int8_static"]

_METHODS = {
    "largest": CalibrationMethod.MinMax,
    "mean": CalibrationMethod.MinMax,
    "percentile": CalibrationMethod.Percentile,
}


def int8_static(request: TransformRequest) -> None:
    """Write the graph with integer matrix products and convolutions.

    Raises
    ------
    UsageError
        There is nothing in it to compress, or a pattern of `exclude` matches nothing.
    InferenceError
        Nothing installed runs the graph, or it gives NaN on the calibration data.
    """
    graph, folder = read_graph(request), request.work or request.out
    excluded = request.options["exclude"]
    matrices = list(graph.matrices([str(each) for each in excluded] if isinstance(excluded, list) else []))
    if not matrices and not any(node.op_type == "Conv" for node in graph.nodes):
        raise UsageError(f"{graph.name} has no constant matrices and no convolutions: int8-static finds nothing to do")
    feeds, strength = calibration_feeds(request), float(str(request.options["smooth"]))
    if strength and matrices:
        widths = {node.input[0]: matrix.shape[0] for node, matrix in matrices}
        smooth(graph, matrices, measure_channels(graph, widths, feeds, folder), strength)
    chosen = {node.name for node, _ in matrices}
    matrices.clear()
    if request.options["embeddings"]:
        quantize_tables(graph)
        graph.settle()
    kept = [node.name for node in graph.nodes if node.op_type == "MatMul" and node.name not in chosen]
    _quantize(graph, feeds, request, folder / "quantized.onnx", kept)


def _quantize(graph: Graph, feeds: Sequence[Feeds], request: TransformRequest, made: Path, kept: list[str]) -> None:
    method = str(request.options["ranges"])
    add_pre_process_metadata(graph.model)  # otherwise a warning asks for a rewrite of the graph, which hub never does
    quantize_static(
        graph.model,
        made,
        _Reader(feeds),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["MatMul", "Conv"],
        nodes_to_exclude=kept,
        per_channel=True,
        reduce_range=bool(request.options["reduce_range"]),
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=_METHODS[method],
        use_external_data_format=graph.external,
        extra_options={
            "OpTypesToExcludeOutputQuantization": ["MatMul"],  # residual sums have outliers that 8 bits cannot hold
            "CalibMovingAverage": method == "mean",
            "CalibPercentile": 99.99,
            "ActivationSymmetric": False,
            "WeightSymmetric": True,
        },
    )
    model = onnx.load(str(made))
    for path in made.parent.glob("quantized.onnx*"):
        path.unlink()
    graph.made(model).write(request.out)


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    """Feeds, one call at a time."""

    def __init__(self, feeds: Sequence[Feeds]) -> None:
        self._feeds = list(feeds)
        self._next = iter(self._feeds)

    def get_next(self) -> dict[str, Any] | None:  # Any: numpy arrays
        found = next(self._next, None)
        return None if found is None else dict(found)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._next = iter(self._feeds[start_index:end_index])

    def __len__(self) -> int:
        return len(self._feeds)
