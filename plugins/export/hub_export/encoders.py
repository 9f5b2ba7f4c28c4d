"""Exports a model that answers in one pass: safetensors to an ONNX graph, with every size that may vary left open.

The examples are what the model plugin really feeds; sizes that differ among them are dynamic. Where no config says how
to compute, a model plugin builds the module. The core compares the answers of both afterwards.
Uses `torch.export`, https://docs.pytorch.org/docs/stable/onnx_export.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from hub.errors import InferenceError
from hub.runtime.protocols import TransformRequest
from hub_export.facts import KINDS, Kind
from hub_export.library import load_file, quiet, torch, transformers

if TYPE_CHECKING:
    from hub.runtime.protocols import Feeds

__all__ = ["dynamic_axes", "export"]

_LARGEST_GRAPH = 1_500_000_000  # a protobuf file ends at 2 GiB
_BATCH = "batch"


class Outputs(torch.nn.Module):
    """A model that takes its feeds by place and gives its named outputs as a tuple."""

    def __init__(self, model: torch.nn.Module, feeds: Sequence[str], names: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self.feeds = tuple(feeds)
        self.names = tuple(names)

    def forward(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """One pass."""
        found = self.model(**dict(zip(self.feeds, feeds, strict=True)))
        return tuple(getattr(found, name) for name in self.names)


def export(request: TransformRequest) -> None:
    """Target of the converter: write `model.onnx`, its tensors beside it where they are too large for one file.

    Raises
    ------
    InferenceError
        transformers cannot load the weights, or torch cannot export the model.
    """
    kind = KINDS[request.facts.task]
    calls = [*request.record(request.inputs[:1]), *request.record(request.inputs)]
    if not calls:
        raise InferenceError("the model plugin fed nothing, so there is no example to export with")
    model = Outputs(_load(request, kind), tuple(calls[0]), kind.outputs).eval()
    request.tell(f"exporting {type(model.model).__name__}")
    example = max(calls, key=lambda feeds: sum(feed.size for feed in feeds.values()))
    axes = dynamic_axes(calls)
    size = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    try:
        with quiet(), torch.inference_mode(mode=False):
            program = torch.onnx.export(
                model,
                tuple(torch.from_numpy(feed.copy()) for feed in example.values()),
                dynamic_shapes={"feeds": tuple(axes.values())},
                input_names=list(example),
                output_names=list(kind.outputs),
                opset_version=int(str(request.options["opset"])),
                dynamo=True,
                verbose=False,
            )
            assert program is not None
            program.save(str(request.out / "model.onnx"), external_data=size > _LARGEST_GRAPH)
    except Exception as error:  # torch's exporter raises whatever its passes raise
        raise InferenceError(
            f"torch {torch.__version__} cannot export {type(model.model).__name__}: {_reason(error)}"
        ) from error


def dynamic_axes(calls: Sequence[Feeds]) -> dict[str, dict[int, Any]]:  # Any: torch's Dim
    """Which axes of each feed may have any size: the first, and those whose size differs among the calls.

    Axes that always have one size together share a name.
    """
    dims: dict[tuple[int, ...], Any] = {}
    axes: dict[str, dict[int, Any]] = {}
    for name, feed in calls[0].items():
        axes[name] = {}
        for axis in range(feed.ndim):
            sizes = tuple(call[name].shape[axis] for call in calls)
            if axis == 0:
                axes[name][axis] = dims.setdefault((), torch.export.Dim(_BATCH))
            elif len(set(sizes)) > 1:
                label = "sequence" if not any(dims.keys() - {()}) else f"{name}_{axis}"
                axes[name][axis] = dims.setdefault(sizes, torch.export.Dim(label))
    return axes


def _load(request: TransformRequest, kind: Kind) -> torch.nn.Module:
    """The model, by the Auto class of transformers or by what a model plugin builds."""
    if request.architecture is not None:
        return _own(request.architecture(request.facts, request.part), request.files)
    auto: Any = getattr(transformers, kind.auto)  # Any: what it takes and gives depends on flags
    settings: Mapping[str, Any] = {
        "dtype": torch.float32,
        "use_safetensors": True,
        "local_files_only": True,
        "trust_remote_code": False,
    }
    try:
        with quiet():
            model: torch.nn.Module = auto.from_pretrained(request.path, **settings)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InferenceError(f"transformers {transformers.__version__} cannot load the weights: {reason}") from error
    return model


def _own(module: torch.nn.Module, files: Sequence[Path]) -> torch.nn.Module:
    """The module of a model plugin with the weights of the files, in float32."""
    try:
        tensors = {name: tensor for path in files for name, tensor in load_file(path).items()}
        module.load_state_dict(tensors)
    except (OSError, RuntimeError, SafetensorError) as error:
        raise InferenceError(f"the weights do not fit {type(module).__name__}: {_reason(error)}") from error
    return module.float()


def _reason(error: BaseException) -> str:
    """First line of the innermost error: those around it say how to report it."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"
