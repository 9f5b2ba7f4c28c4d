"""Operators that ONNX Runtime's own tools quantize: LSTM and fused attention dynamically, convolutions statically.

Whole graphs are in memory several times while they work, so matrix products are not left to them. Knows nothing of
what was quantized before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
from onnxruntime.quantization import (  # type: ignore[import-untyped]
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.quant_utils import add_pre_process_metadata  # type: ignore[import-untyped]

from hub_quantize.onnx_graphs.graph import Graph

if TYPE_CHECKING:
    from hub.runtime.protocols import Feeds

__all__ = ["DYNAMIC", "STATIC", "other_dynamic", "other_static"]

DYNAMIC = ("Attention", "LSTM")
STATIC = ("Conv",)


def other_dynamic(graph: Graph, work: Path, *, reduce_range: bool) -> Graph:
    """The graph with LSTM and fused attention in 8 bits."""
    source, made = _laid(graph, work)
    quantize_dynamic(
        source,
        made,
        op_types_to_quantize=list(DYNAMIC),
        per_channel=True,
        reduce_range=reduce_range,
        weight_type=QuantType.QInt8,
    )
    return _taken(graph, made)


def other_static(graph: Graph, work: Path, feeds: Sequence[Feeds], *, reduce_range: bool) -> Graph:
    """The graph with convolutions in 8 bits, and the ranges of what they take and give as the feeds show them."""
    source, made = _laid(graph, work)
    quantize_static(
        source,
        made,
        _Reader(feeds),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(STATIC),
        per_channel=True,
        reduce_range=reduce_range,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    return _taken(graph, made)


def _laid(graph: Graph, work: Path) -> tuple[Path, Path]:
    graph.settle()
    add_pre_process_metadata(graph.model)  # otherwise a warning asks for a rewrite of the graph, which hub never does
    source = work / "before.onnx"
    graph.save(source, external=False)
    return source, work / "after.onnx"


def _taken(graph: Graph, made: Path) -> Graph:
    return Graph(onnx.load(str(made)), made.parent, graph.name, external=graph.external)


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    """Feeds, one call at a time."""

    def __init__(self, feeds: Sequence[Feeds]) -> None:
        self._left = iter(feeds)

    def get_next(self) -> dict[str, Any] | None:  # Any: numpy arrays
        found = next(self._left, None)
        return None if found is None else dict(found)
