"""The step `optimize`: ONNX Runtime's own graph optimisation, done once and written down instead of at every load.

The weights keep their values. Levels that bind the file to one processor are not offered. Knows nothing of tasks.
"""

from __future__ import annotations

from pathlib import Path

import onnxruntime  # type: ignore[import-untyped]

from hub.errors import InferenceError
from hub.runtime.protocols import TransformRequest
from hub_onnx.facts import graph_of

__all__ = ["optimize"]

_FATAL = 4
_LARGEST_GRAPH = 1_500_000_000  # a protobuf file ends at 2 GiB
_LEAST_EXTERNAL = "1024"
_GROWTH = 1.05


def optimize(request: TransformRequest) -> None:
    """Write the optimised graph under the name that it has, its weights beside it where they lay beside it.

    Folding constants can undo a compression, because a small integer weight and its scale are constants: where the
    result is larger than what went in, it is made again without.

    Raises
    ------
    InferenceError
        ONNX Runtime cannot load the graph.
    """
    name = graph_of(request.facts.parts[request.part])
    given = sum(path.stat().st_size for path in request.files)
    external = len(request.files) > 1 or given > _LARGEST_GRAPH
    target = request.out / name
    target.parent.mkdir(parents=True, exist_ok=True)
    level = str(request.options["level"])
    _write(request.path / name, target, level, external=external)
    if _size(target.parent) > given * _GROWTH:
        for path in target.parent.iterdir():
            path.unlink()
        _write(request.path / name, target, level, external=external, without=["ConstantFolding"])


def _write(source: Path, target: Path, level: str, *, external: bool, without: list[str] | None = None) -> None:
    levels = onnxruntime.GraphOptimizationLevel
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = _FATAL
    settings.graph_optimization_level = levels.ORT_ENABLE_BASIC if level == "basic" else levels.ORT_ENABLE_EXTENDED
    settings.optimized_model_filepath = str(target)
    if external:
        prefix = "session.optimized_model_external_initializers"
        settings.add_session_config_entry(f"{prefix}_file_name", f"{target.name}_data")
        settings.add_session_config_entry(f"{prefix}_min_size_in_bytes", _LEAST_EXTERNAL)
    try:
        onnxruntime.InferenceSession(source, settings, providers=["CPUExecutionProvider"], disabled_optimizers=without)
    except Exception as error:  # onnxruntime's exceptions share no base of their own
        reason = str(error).removeprefix("[ONNXRuntimeError] : ").strip()
        raise InferenceError(f"{source.name} cannot be optimised by onnxruntime: {reason}") from error


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())
