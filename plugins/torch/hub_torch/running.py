"""Answers `run`: arrays to tensors, one pass through the model, tensors to float32 arrays.

Knows nothing of tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from hub.errors import ContextOverflow, InputError
from hub.runtime.protocols import Session
from hub_torch.computing import computing
from hub_torch.diagnosis import broken, name_origin
from hub_torch.faults import explaining_memory
from hub_torch.library import PreTrainedModel
from hub_torch.loading import Loaded
from hub_torch.signature import Limits, inputs_of, limits_of, metadata_of, outputs_of, takes
from hub_torch.tasks import Kind

if TYPE_CHECKING:
    from hub.runtime.protocols import Array, Feeds, Outputs

__all__ = ["RunSession", "as_tensor", "refuse_outside"]


class RunSession(Session):
    """A model behind `run`. One call at a time: each takes all the threads."""

    def __init__(self, loaded: Loaded, kind: Kind, threads: int) -> None:
        model = loaded.model
        self._model: PreTrainedModel | None = model
        self._loaded: Loaded | None = loaded
        self._threads = threads
        self.inputs = inputs_of(model)
        self.outputs = outputs_of(model, kind)
        self.metadata = metadata_of(model, loaded.quantized)
        self._limits = limits_of(model)
        self._device, self._dtype = loaded.device, loaded.dtype
        self._counts_positions = kind.auto == "AutoModelForCausalLM" and takes(model, "position_ids")
        self._extra = {"use_cache": False} if takes(model, "use_cache") else {}

    def run(self, feeds: Feeds, wanted: Sequence[str] | None = None) -> Outputs:
        """Compute the outputs, as float32 arrays.

        Raises
        ------
        InputError, ContextOverflow
            Ids that the model has no embedding for, or more tokens than it has positions for.
        InferenceError
            Memory ran out, or a result is no number: the layer is named.
        """
        refuse_outside(feeds, self._limits)
        names = [tensor.name for tensor in self.outputs] if wanted is None else list(wanted)
        shape = next(iter(feeds.values())).shape
        doing = f"a batch of {' x '.join(map(str, shape))}"
        with computing(self._threads), explaining_memory(doing, self._device, "Try shorter or fewer inputs at once"):
            tensors = {name: as_tensor(array, self._device, self._dtype) for name, array in feeds.items()}
            if self._counts_positions:
                tensors["position_ids"] = (tensors["attention_mask"].cumsum(dim=-1) - 1).clamp(min=0)
            found = self._forward(tensors)
            given = {name: getattr(found, name).float() for name in names}
            for name, values in given.items():
                if broken(values):
                    assert self._model is not None
                    raise name_origin(self._model, lambda: self._forward(tensors), f"the values of '{name}'")
            return {name: values.cpu().numpy() for name, values in given.items()}

    def close(self) -> None:
        """Give the memory back."""
        self._model = self._loaded = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _forward(self, tensors: dict[str, torch.Tensor]) -> Any:  # Any: transformers' ModelOutput, by attribute
        assert self._model is not None
        return self._model(**tensors, **self._extra)


def as_tensor(array: Array, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """The array on the device; numbers that are no integers in the model's dtype."""
    tensor = torch.from_numpy(array if array.flags.writeable else array.copy())
    return tensor.to(device, dtype) if tensor.is_floating_point() else tensor.to(device)


def refuse_outside(feeds: Feeds, limits: Limits) -> None:
    """Refuse ids and lengths that an embedding has no row for.

    Raises
    ------
    InputError, ContextOverflow
        With what the model takes.
    """
    for name, array in feeds.items():
        if not array.size:
            raise InputError(f"{name} is empty: {list(array.shape)}")
    for name, count in limits.ids.items():
        if name in feeds:
            least, most = int(feeds[name].min()), int(feeds[name].max())
            if least < 0 or most >= count:
                wrong = least if least < 0 else most
                raise InputError(f"{name} holds {wrong}; the model knows ids from 0 to {count - 1}")
    if "input_ids" in feeds and limits.tokens is not None and feeds["input_ids"].shape[1] > limits.tokens:
        raise ContextOverflow(
            f"{feeds['input_ids'].shape[1]} tokens are more than the {limits.tokens} that this model takes",
            hint="Split the text",
        )
