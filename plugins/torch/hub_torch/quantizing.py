"""Puts the weights of linear layers into 8 or 4 bits, in memory, with torchao.

The head that names words stays as it is: it is often the table of embeddings too, and loses the most. Imports torchao,
which is an extra; `hub_torch.steps` says whether it is there. Knows nothing of files.

Half-quadratic quantization of 4-bit weights: Badri and Shaji, 2023 (https://mobiusml.github.io/hqq_blog/). Dynamic
8 bits: a scale for each token and for each output channel, as in LLM.int8() (Dettmers et al., 2022,
https://arxiv.org/abs/2208.07339), without its outliers in float16.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

import torch
from torch import nn

from hub.errors import InferenceError, OptionError, UsageError
from hub.types import OptionValue
from hub_torch.hush import hushed
from hub_torch.library import PreTrainedModel
from hub_torch.loading import Loaded

with hushed(), warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of parts of torchao that are not used here
    from torchao.prototype.quantization.int4 import PrototypeInt4WeightOnlyConfig  # type: ignore[import-untyped]
    from torchao.quantization import (  # type: ignore[import-untyped]
        Int4WeightOnlyConfig,
        Int8DynamicActivationInt8WeightConfig,
        Int8WeightOnlyConfig,
        IntxWeightOnlyConfig,
        MappingType,
        PerGroup,
        PerRow,
        quantize_,
    )

__all__ = ["quantize"]

_DEVICES = ("cpu", "cuda")


def quantize(loaded: Loaded, step: str, options: Mapping[str, OptionValue]) -> int:
    """Replace the weights of linear layers; gives how many layers were.

    Parameters
    ----------
    step
        `int8`, `int4` or `int8-dynamic`.
    options
        Those of the step, resolved.

    Raises
    ------
    InferenceError
        Weights hold NaN, or none could be taken.
    OptionError
        The device or its dtype is none that torchao has code for.
    UsageError
        A pattern of `exclude` names no layer.
    """
    model, kind = loaded.model, loaded.device.type
    if kind not in _DEVICES:
        raise OptionError(f"'{step}' does not work on {kind}", hint=f"It works on {' and '.join(_DEVICES)}")
    layers = _layers(model, options)
    group = options.get("group_size")
    if isinstance(group, int):
        layers = {name: layer for name, layer in layers.items() if layer.in_features % group == 0}
    if not layers:
        raise InferenceError(f"{type(model).__name__} has no linear layer that '{step}' can be done to")
    for name, layer in layers.items():
        if not bool(torch.isfinite(layer.weight).all()):
            raise InferenceError(f"the weights hold NaN or infinity: {name}.weight", hint="Use another variant.")
    config = _config(step, options, loaded)
    with hushed(), torch.no_grad():
        quantize_(model, config, filter_fn=lambda _, name: name in layers)
    return len(layers)


def _layers(model: PreTrainedModel, options: Mapping[str, OptionValue]) -> dict[str, nn.Linear]:
    """Linear layers by name, but for the head and those that were excluded."""
    named: Any = model  # Any: the method is not typed
    head = named.get_output_embeddings()
    found = {
        name: layer
        for name, layer in model.named_modules()
        if type(layer) is nn.Linear and layer is not head and layer.weight.device.type != "meta"
    }
    excluded = options.get("exclude")
    for pattern in map(str, excluded) if isinstance(excluded, list) else ():
        out = [name for name in found if fnmatch(name, pattern)]
        if not out:
            near = next(iter(found), "none")
            raise UsageError(f"exclude={pattern} names no linear layer", hint=f"They are called like {near}")
        found = {name: layer for name, layer in found.items() if name not in out}
    return found


def _config(step: str, options: Mapping[str, OptionValue], loaded: Loaded) -> Any:  # Any: torchao is not typed
    group = options.get("group_size")
    if step == "int8":
        grain = PerGroup(group) if isinstance(group, int) else PerRow()
        return Int8WeightOnlyConfig(granularity=grain, set_inductor_config=False)
    if step == "int8-dynamic":
        return Int8DynamicActivationInt8WeightConfig(
            act_mapping_type=MappingType.ASYMMETRIC,  # loses half as much as symmetric, at the same speed
            reduce_range=bool(options.get("reduce_range")),
            set_inductor_config=False,
        )
    if loaded.device.type == "cpu" and loaded.dtype == torch.float32:  # packed, they are slower by far than not at all
        return IntxWeightOnlyConfig(
            weight_dtype=getattr(torch, "int4"),  # noqa: B009 - it is not in the stubs
            granularity=PerGroup(group),
            mapping_type=MappingType.ASYMMETRIC,
        )
    if loaded.device.type == "cpu":
        return PrototypeInt4WeightOnlyConfig(
            group_size=group, int4_choose_qparams_algorithm="hqq", set_inductor_config=False
        )
    if loaded.dtype != torch.bfloat16:
        raise OptionError(
            f"'int4' on {loaded.device.type} computes in bfloat16 alone, not in {str(loaded.dtype)[6:]}",
            hint="Ask for both: bf16 | int4",
        )
    return Int4WeightOnlyConfig(
        group_size=group,
        int4_packing_format="tile_packed_to_4d",
        int4_choose_qparams_algorithm="hqq",
        set_inductor_config=False,
    )
