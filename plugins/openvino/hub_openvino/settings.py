"""Turns load options into the properties of OpenVINO. Imports nothing of it, and knows nothing of models.

Names: https://docs.openvino.ai/2025/openvino-workflow/running-inference/inference-devices-and-modes.html
"""

from __future__ import annotations

from hub.errors import OptionError
from hub.runtime.protocols import OpenRequest, allowed_cpus, usable_cpus

__all__ = ["DEVICES", "PRECISIONS", "Properties", "precision_of", "properties"]

DEVICES = {"cpu": "CPU", "gpu": "GPU", "npu": "NPU"}
PRECISIONS = ("bf16", "f16")
"""Load steps, by the precision that they stand for."""

Properties = dict[str, str | int]


def properties(request: OpenRequest, precision: str) -> Properties:
    """What a model is compiled with.

    Parameters
    ----------
    precision
        As `precision_of` gives it. `f32` is meant as it says: OpenVINO would else quantize activations beside
        compressed weights, and keys and values.
    """
    options, on_cpu = request.options, request.device == "cpu"
    found: Properties = {"PERFORMANCE_HINT": str(options.get("performance") or "latency").upper()}
    if precision != "auto":
        found["INFERENCE_PRECISION_HINT"] = precision
    if precision == "f32":
        found["EXECUTION_MODE_HINT"] = "ACCURACY"
        if on_cpu:
            found["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = 0
    threads = options.get("threads")
    if on_cpu and isinstance(threads, int):
        found["INFERENCE_NUM_THREADS"] = threads
    elif on_cpu and usable_cpus() < len(allowed_cpus()):  # OpenVINO sees the affinity, and not the quota
        found["INFERENCE_NUM_THREADS"] = usable_cpus()
    if options.get("cache_dir") is not None:
        found["CACHE_DIR"] = str(options["cache_dir"])
    if request.verb == "chat" and options.get("kv_cache") is not None:
        found["KV_CACHE_PRECISION"] = str(options["kv_cache"])
    return found


def precision_of(request: OpenRequest, default: str) -> str:
    """`auto`, `f32`, `bf16` or `f16`: what the recipe ends with, else what the option asks, else the default.

    Raises
    ------
    OptionError
        They ask for different ones.
    """
    wanted = {step for step in request.load_steps if step in PRECISIONS}
    if request.options.get("precision") is not None:
        wanted.add(str(request.options["precision"]))
    if len(wanted) > 1:
        raise OptionError(f"{' and '.join(sorted(wanted))} exclude each other as precision")
    return wanted.pop() if wanted else default
