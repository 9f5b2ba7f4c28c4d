"""`int8-static` of OpenVINO IR: post-training quantization by NNCF, for transformers.

Kozlov et al., Neural Network Compression Framework (https://arxiv.org/abs/2002.08679), with SmoothQuant (Xiao et al.,
https://arxiv.org/abs/2211.10438). Knows nothing of tasks.
"""

from __future__ import annotations

import nncf  # type: ignore[import-untyped]
from nncf.quantization.advanced_parameters import (  # type: ignore[import-untyped]
    AdvancedQuantizationParameters,
    AdvancedSmoothQuantParameters,
)

from hub.errors import UsageError
from hub.runtime.protocols import TransformRequest
from hub_quantize.calibration import calibration_feeds
from hub_quantize.openvino_graphs.graph import read_ir, write_ir
from hub_quantize.openvino_graphs.silence import silent

__all__ = ["int8_static"]

_OFF = -1  # of SmoothQuant, as NNCF says it
_MIXED = nncf.QuantizationPreset.MIXED
_PERFORMANCE = nncf.QuantizationPreset.PERFORMANCE


def int8_static(request: TransformRequest) -> None:
    """Write the graph with 8-bit operations.

    Raises
    ------
    UsageError
        A pattern of `ignored` matches no operation.
    InferenceError
        Nothing installed runs the graph.
    """
    model, feeds = read_ir(request), calibration_feeds(request)
    ignored = request.options["ignored"]
    patterns = [str(each) for each in ignored] if isinstance(ignored, list) else []
    smooth = float(str(request.options["smooth"])) or _OFF
    parameters = AdvancedQuantizationParameters(smooth_quant_alphas=AdvancedSmoothQuantParameters(matmul=smooth))
    try:
        with silent():
            made = nncf.quantize(
                model,
                nncf.Dataset(feeds, dict),
                subset_size=len(feeds),
                preset=_MIXED if request.options["preset"] == "mixed" else _PERFORMANCE,
                model_type=nncf.ModelType.TRANSFORMER,
                ignored_scope=nncf.IgnoredScope(patterns=patterns) if patterns else None,
                advanced_parameters=parameters,
            )
    except nncf.ValidationError as error:
        raise UsageError(f"ignored={patterns[0] if patterns else ''} cannot be applied: {error}") from error
    write_ir(made, request)
