"""Turns load options into the properties of OpenVINO. Imports nothing of it, and knows nothing of models.

Names: https://docs.openvino.ai/2025/openvino-workflow/running-inference/inference-devices-and-modes.html
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.types import OptionValue
from hub_openvino.threads import cpus, usable_cpus

__all__ = ["DEVICES", "Properties", "properties"]

DEVICES = {"cpu": "CPU", "gpu": "GPU", "npu": "NPU"}

Properties = dict[str, str | int]


def properties(options: Mapping[str, OptionValue], device: str, *, default: str) -> Properties:
    """What a model is compiled with.

    Parameters
    ----------
    default
        The precision where none is asked for.

    `f32` is meant as it says: OpenVINO would else quantize activations beside compressed weights, and keys and values.
    """
    precision = precision_of(options, default)
    found: Properties = {"PERFORMANCE_HINT": str(options.get("performance") or "latency").upper()}
    if precision != "auto":
        found["INFERENCE_PRECISION_HINT"] = precision
    if precision == "f32":
        found["EXECUTION_MODE_HINT"] = "ACCURACY"
        if device == "cpu":
            found["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = 0
    threads = options.get("threads")
    if device == "cpu" and isinstance(threads, int):
        found["INFERENCE_NUM_THREADS"] = threads
    elif device == "cpu" and usable_cpus() < cpus():  # OpenVINO sees the affinity, and not the quota
        found["INFERENCE_NUM_THREADS"] = usable_cpus()
    if options.get("cache_dir") is not None:
        found["CACHE_DIR"] = str(options["cache_dir"])
    return found


def precision_of(options: Mapping[str, OptionValue], default: str) -> str:
    """`auto`, `f32`, `bf16` or `f16`."""
    return str(options.get("precision") or default)
