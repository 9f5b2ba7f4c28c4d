"""Writes a model as an ONNX graph, batch and tokens free.

Knows nothing of what was pruned.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn

from hub.errors import InferenceError
from hub_prune.calibration import Batch
from hub_prune.library import PreTrainedModel, quiet

__all__ = ["export"]

_OPSET = 18


def export(model: PreTrainedModel, example: Batch, path: Path) -> None:
    """Write the graph, with its weights inside or, where they do not fit, beside it.

    Parameters
    ----------
    example
        What the model takes: two rows or more and two tokens or more keep both dimensions free.

    Raises
    ------
    InferenceError
        torch cannot follow the model.
    """
    names = list(example.feeds)
    feeds = {name: _enough(tensor) for name, tensor in example.feeds.items()}
    rows, tokens = torch.export.Dim("batch"), torch.export.Dim("sequence")
    output = "logits" if hasattr(model, model.base_model_prefix) else "last_hidden_state"
    wrapped = _Positional(model, names, output).eval()
    try:
        with quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch and onnxscript, about their own ways
            torch.onnx.export(
                wrapped,
                tuple(feeds.values()),
                str(path),
                dynamo=True,
                input_names=names,
                output_names=[output],
                dynamic_shapes=(tuple({0: rows, 1: tokens} for _ in names),),
                opset_version=_OPSET,
                external_data=_size(model) > 1_500_000_000,  # a protobuf file ends at 2 GiB
                verbose=False,
            )
    except Exception as error:  # what torch raises here shares no base
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InferenceError(f"torch cannot export the pruned model to ONNX: {reason}") from error


class _Positional(nn.Module):
    """Takes tensors in order and gives one of the outputs."""

    def __init__(self, model: PreTrainedModel, names: list[str], output: str) -> None:
        super().__init__()
        self.model = model
        self.names = names
        self.output = output

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        found = self.model(**dict(zip(self.names, tensors, strict=True)))
        value = getattr(found, self.output)
        assert isinstance(value, torch.Tensor)
        return value


def _enough(tensor: torch.Tensor) -> torch.Tensor:
    """Two rows of at most sixteen tokens, whatever there is."""
    row = tensor[:1, :16]
    return row.repeat(2, 1 if row.shape[1] > 1 else 2)


def _size(model: nn.Module) -> int:
    return sum(each.numel() * each.element_size() for each in model.parameters())
