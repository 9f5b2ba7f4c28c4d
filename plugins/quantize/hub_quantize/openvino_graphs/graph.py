"""OpenVINO IR of a part: read, and written under its own name. Knows nothing of quantization."""

from __future__ import annotations

import shutil
from pathlib import PurePosixPath

import openvino as ov  # type: ignore[import-untyped]

from hub.errors import InferenceError
from hub.runtime.protocols import TransformRequest
from hub_quantize.facts import graph_of

__all__ = ["read_ir", "write_ir"]


def read_ir(request: TransformRequest) -> ov.Model:
    """The graph of a part.

    Raises
    ------
    InferenceError
        OpenVINO cannot read it.
    """
    try:
        name = graph_of(request.facts.parts[request.part], ".xml")
        return ov.Core().read_model(request.path / name)
    except ValueError as error:
        raise InferenceError(f"nothing to compress: {error}") from error
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InferenceError(f"{name} cannot be read by openvino {ov.__version__}: {reason}") from error


def write_ir(model: ov.Model, request: TransformRequest, *, half: bool = False) -> None:
    """Write the graph and its weights; `half` puts weights that are float32 into float16.

    Other graphs of the part, such as the tokenizer of a language model, stay as they are.
    """
    names = request.facts.parts[request.part]
    graph = PurePosixPath(graph_of(names, ".xml"))
    target = request.out / graph
    target.parent.mkdir(parents=True, exist_ok=True)
    _name(model)
    ov.save_model(model, target, compress_to_fp16=half)
    for name in names:
        if PurePosixPath(name).with_suffix("") != graph.with_suffix(""):
            (request.out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(request.path / name, request.out / name)


def _name(model: ov.Model) -> None:
    """Name operations that nobody named by their place: OpenVINO counts on from what this process made before."""
    for place, operation in enumerate(model.get_ordered_ops()):
        if operation.get_friendly_name() == operation.get_name():
            operation.set_friendly_name(f"hub/{operation.get_type_name()}_{place}")
