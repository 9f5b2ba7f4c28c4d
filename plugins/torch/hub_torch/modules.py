"""Answers `run` with a module that a model plugin builds, for weights that no `config.json` describes.

The arguments of its `forward` are the inputs; what it gives has the outputs as attributes. Weights have the names and
shapes of the module's own. Knows nothing of tasks.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from hub.errors import InferenceError, InputError
from hub.runtime.protocols import OpenRequest, Session, Tensor, usable_cpus
from hub_torch.computing import computing
from hub_torch.devices import choose_dtype
from hub_torch.diagnosis import broken, name_origin
from hub_torch.facts import dtype_asked
from hub_torch.faults import explaining_memory
from hub_torch.tasks import Kind

if TYPE_CHECKING:
    from hub.runtime.protocols import Array, Feeds, Outputs

__all__ = ["ModuleSession", "filled", "open_module"]

_SHAPES: Mapping[str, tuple[str, tuple[int | str, ...]]] = {
    "attention_mask": ("int64", ("batch", "sequence")),
    "input_features": ("float32", ("batch", "bins", "frames")),
    "input_ids": ("int64", ("batch", "sequence")),
    "input_values": ("float32", ("batch", "samples")),
    "pixel_values": ("float32", ("batch", 3, "height", "width")),
}


class ModuleSession(Session):
    """A module behind `run`. One call at a time: each takes all the threads."""

    def __init__(self, module: nn.Module, kind: Kind, *, device: str, dtype: torch.dtype, threads: int) -> None:
        self._module: nn.Module | None = module.to(device, dtype).eval().requires_grad_(False)
        self._device, self._dtype, self._threads = torch.device(device), dtype, threads
        self.inputs = _inputs(module)
        self.outputs = tuple(Tensor(name=name, dtype="float32", shape=shape) for name, shape in kind.outputs.items())
        self.metadata = {
            "architecture": type(module).__name__,
            "dtype": str(dtype).removeprefix("torch."),
            "parameters": sum(parameter.numel() for parameter in module.parameters()),
        }

    def run(self, feeds: Feeds, wanted: Sequence[str] | None = None) -> Outputs:
        """Compute the outputs, as float32 arrays.

        Raises
        ------
        InputError
            An input is empty.
        InferenceError
            Memory ran out, or a result is no number: the layer is named.
        """
        for name, array in feeds.items():
            if not array.size:
                raise InputError(f"{name} is empty: {list(array.shape)}")
        names = [tensor.name for tensor in self.outputs] if wanted is None else list(wanted)
        doing = f"a batch of {' x '.join(map(str, next(iter(feeds.values())).shape))}"
        module = self._module
        assert module is not None
        with computing(self._threads), explaining_memory(doing, self._device, "Try fewer inputs at once"):
            tensors = {name: self._tensor(array) for name, array in feeds.items()}
            found = module(**tensors)
            given: dict[str, torch.Tensor] = {name: getattr(found, name).float() for name in names}
            for name, values in given.items():
                if broken(values):
                    raise name_origin(module, lambda: module(**tensors), f"the values of '{name}'")
            return {name: values.cpu().numpy() for name, values in given.items()}

    def close(self) -> None:
        """Give the memory back."""
        self._module = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _tensor(self, array: Array) -> torch.Tensor:
        tensor = torch.from_numpy(array if array.flags.writeable else array.copy())
        return tensor.to(self._device, self._dtype) if tensor.is_floating_point() else tensor.to(self._device)


def open_module(request: OpenRequest, kind: Kind) -> Session:
    """Build the module that the request names, and load the weights of the part into it.

    Raises
    ------
    InferenceError
        The weights are damaged or do not fit the module.
    OptionError
        The device does not take the dtype.
    """
    assert request.architecture is not None
    module = filled(request.architecture(request.facts, request.part), request.files)
    stored = next((each.dtype for each in module.parameters() if each.is_floating_point()), torch.float32)
    threads = request.options.get("threads")
    return ModuleSession(
        module,
        kind,
        device=request.device,
        dtype=choose_dtype(dtype_asked(request.options, request.load_steps), stored, request.device),
        threads=threads if isinstance(threads, int) else usable_cpus(),
    )


def filled(module: Any, files: Sequence[Path]) -> nn.Module:  # Any: what a model plugin built
    """The module with the weights of safetensors files, each of which it has a place for.

    Raises
    ------
    InferenceError
        It is no module, a file is damaged, or names or shapes differ.
    """
    if not isinstance(module, nn.Module):
        raise InferenceError(f"the model plugin built {type(module).__name__}, and no module of PyTorch")
    tensors: dict[str, torch.Tensor] = {}
    for path in files:
        try:
            tensors.update(load_file(path))
        except (SafetensorError, OSError) as error:
            raise InferenceError(f"{path} is damaged: {error}") from error
    try:
        module.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).partition("\n")[2].split())[:200] or str(error)
        raise InferenceError(f"the weights do not fit {type(module).__name__}: {reason}") from error
    return module


def _inputs(module: nn.Module) -> tuple[Tensor, ...]:
    names = list(inspect.signature(module.forward).parameters)
    unknown = [name for name in names if name not in _SHAPES]
    if unknown:
        raise InferenceError(
            f"{type(module).__name__} takes '{unknown[0]}', which is not known here: {', '.join(_SHAPES)}"
        )
    return tuple(Tensor(name=name, dtype=_SHAPES[name][0], shape=_SHAPES[name][1]) for name in names)
