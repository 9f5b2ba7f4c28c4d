"""Opens ONNX graphs with ONNX Runtime and runs them. The one module that imports it.

Knows nothing of tasks: tensors in, tensors out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import onnxruntime  # type: ignore[import-untyped]

from hub.errors import InferenceError
from hub.runtime.protocols import OpenRequest, Probe, Session, Tensor, usable_cpus
from hub.types import JSON, OptionValue
from hub_onnx.facts import graph_of

if TYPE_CHECKING:
    from hub.runtime.protocols import Array, Feeds, Outputs

__all__ = ["OnnxSession", "open_graph", "probe"]

_FATAL = 4
_CALLS_AT_ONCE = 8
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_DTYPES = {
    "tensor(bool)": "bool",
    "tensor(double)": "float64",
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(int16)": "int16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(int8)": "int8",
    "tensor(string)": "str",
    "tensor(uint16)": "uint16",
    "tensor(uint32)": "uint32",
    "tensor(uint64)": "uint64",
    "tensor(uint8)": "uint8",
}
# A graph that gives its input back, as an ONNX ModelProto: what a device must be able to run to count as usable.
_IDENTITY = bytes.fromhex(
    "08083a370a100a017812017922084964656e746974791201675a0f0a0178120a0a08080112040a020801620f0a0179120a0a08080112040a02"
    "08014202100d"
)


class OnnxSession(Session):
    """Answers `run`. ONNX Runtime takes calls from several threads at once."""

    concurrency = _CALLS_AT_ONCE

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session: onnxruntime.InferenceSession | None = session
        self.inputs = tuple(_tensor(node) for node in session.get_inputs())
        self.outputs = tuple(_tensor(node) for node in session.get_outputs() if node.type in _DTYPES)
        self.metadata = _metadata(session)

    def run(self, feeds: Feeds, wanted: Sequence[str] | None = None) -> Outputs:
        """Run the graph; only what `wanted` names is computed, if given."""
        assert self._session is not None
        names = list(wanted) if wanted is not None else [tensor.name for tensor in self.outputs]
        found: list[Array] = self._session.run(names, dict(feeds))
        return dict(zip(names, found, strict=True))

    def close(self) -> None:
        """Give the memory back."""
        self._session = None


def open_graph(request: OpenRequest) -> OnnxSession:
    """Target of the backend: load the graph of a part, on one device, with no fallback to another.

    Raises
    ------
    InferenceError
        The file is broken, the graph needs what this ONNX Runtime lacks, or the device does not take it.
    """
    try:
        path = request.path / graph_of(request.facts.parts[request.part])
    except ValueError as error:
        raise InferenceError(f"nothing to open in {request.path}: {error}") from error
    provider = _PROVIDERS[request.device]
    if provider not in onnxruntime.get_available_providers():
        raise _unusable(request.device)
    try:
        session = onnxruntime.InferenceSession(path, _session_options(request.options), providers=[provider])
    except Exception as error:  # onnxruntime's exceptions share no base of their own
        raise InferenceError(
            f"{path} cannot be loaded by onnxruntime {onnxruntime.__version__}: {_reason(error)}"
        ) from error
    if provider not in session.get_providers():
        raise _unusable(request.device)
    session.disable_fallback()
    unknown = [node for node in session.get_inputs() if node.type not in _DTYPES]
    if unknown:
        raise InferenceError(f"input '{unknown[0].name}' of {path} is a {unknown[0].type}, which cannot be fed")
    return OnnxSession(session)


def probe() -> Probe:
    """Devices on which ONNX Runtime really runs a graph on this machine."""
    onnxruntime.set_default_logger_severity(_FATAL)
    available = onnxruntime.get_available_providers()
    devices = tuple(name for name in ("cuda", "cpu") if _PROVIDERS[name] in available and _runs(_PROVIDERS[name]))
    return Probe(devices=devices, versions={"onnxruntime": onnxruntime.__version__}, detail=", ".join(available))


def _unusable(device: str) -> InferenceError:
    return InferenceError(
        f"onnxruntime cannot use '{device}' here", hint="Run on the CPU with --device cpu, or see: hub doctor"
    )


def _runs(provider: str) -> bool:
    try:
        session = onnxruntime.InferenceSession(_IDENTITY, _session_options({}), providers=[provider])
    except Exception:  # whatever it is, the device is not usable
        return False
    return provider in session.get_providers()


def _session_options(options: Mapping[str, OptionValue]) -> onnxruntime.SessionOptions:
    levels = onnxruntime.GraphOptimizationLevel
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = _FATAL  # what goes wrong is raised
    settings.enable_mem_pattern = False  # a plan of memory for each shape that comes is kept, and never freed
    threads, parallel = options.get("threads"), options.get("inter_op_threads")
    settings.intra_op_num_threads = threads if isinstance(threads, int) else usable_cpus()
    settings.inter_op_num_threads = parallel if isinstance(parallel, int) else 1
    if settings.inter_op_num_threads > 1:
        settings.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
    settings.graph_optimization_level = {
        "disable": levels.ORT_DISABLE_ALL,
        "basic": levels.ORT_ENABLE_BASIC,
        "extended": levels.ORT_ENABLE_EXTENDED,
        "all": levels.ORT_ENABLE_ALL,
    }[str(options.get("graph_optimization") or "all")]
    return settings


def _tensor(node: onnxruntime.NodeArg) -> Tensor:
    # some exporters call every open dimension '?', which does not mean that they are of one size
    shape = tuple(size if isinstance(size, int) else str(size or "").removeprefix("?") for size in node.shape)
    return Tensor(name=node.name, dtype=_DTYPES.get(node.type, node.type), shape=shape)


def _metadata(session: onnxruntime.InferenceSession) -> dict[str, JSON]:
    meta = session.get_modelmeta()
    return {"producer": meta.producer_name, **dict(meta.custom_metadata_map)}


def _reason(error: Exception) -> str:
    """The message without the runtime's own prefix and code."""
    return str(error).removeprefix("[ONNXRuntimeError] : ").strip()
