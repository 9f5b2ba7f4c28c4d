"""Weight-only compression of OpenVINO IR: `int8`, `int4` and `fp16`. Needs no data.

By NNCF, Kozlov et al. (https://arxiv.org/abs/2002.08679). Knows nothing of activations.
"""

from __future__ import annotations

from typing import Any

import nncf  # type: ignore[import-untyped]
import openvino as ov  # type: ignore[import-untyped]

from hub.errors import UsageError
from hub.runtime.protocols import TransformRequest
from hub_quantize.openvino_graphs.graph import read_ir, write_ir
from hub_quantize.openvino_graphs.silence import silent

__all__ = ["fp16", "int4", "int8"]


def int8(request: TransformRequest) -> None:
    """Write the graph with 8-bit weights, a scale and a zero point for each channel."""
    write_ir(_compressed(request, mode=nncf.CompressWeightsMode.INT8_ASYM), request)


def int4(request: TransformRequest) -> None:
    """Write the graph with 4-bit weights in groups; first and last layers and tables have 8 bits.

    Raises
    ------
    UsageError
        The groups do not divide the matrices.
    """
    modes = nncf.CompressWeightsMode
    mode = modes.INT4_SYM if request.options["symmetric"] else modes.INT4_ASYM
    group, ratio = int(str(request.options["group_size"])), float(str(request.options["ratio"]))
    if group < -1 or group == 0:
        raise UsageError(f"group_size={group} is neither -1 nor a number of weights")
    write_ir(_compressed(request, mode=mode, group_size=group, ratio=ratio), request)


def fp16(request: TransformRequest) -> None:
    """Write the graph with its float32 weights as float16."""
    write_ir(read_ir(request), request, half=True)


def _compressed(request: TransformRequest, **settings: Any) -> ov.Model:  # Any: of NNCF's own types
    try:
        with silent():
            return nncf.compress_weights(read_ir(request), **settings)
    except nncf.InvalidGroupSizeError as error:
        raise UsageError(
            f"group_size={settings.get('group_size')} does not divide the matrices: {error}",
            hint="Take a smaller power of two, such as group_size=32",
        ) from error
