"""The step `prune`: opens the model, removes what was asked for in order, writes what is left.

Layers go first, then heads and channels of those that stay, then single weights.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from hub.errors import OptionError
from hub.runtime.protocols import TransformRequest
from hub_prune.calibration import Batch, batches_of
from hub_prune.depth import layers_to_keep
from hub_prune.exporting import export
from hub_prune.facts import GRAPH, asked_of
from hub_prune.opened import Opened, open_model, write_config
from hub_prune.passes import trace
from hub_prune.settings import Settings
from hub_prune.shapes import Shape, config_after
from hub_prune.sparsity import zero_weights
from hub_prune.structured import narrow

__all__ = ["prune", "prune_to_onnx"]


def prune(request: TransformRequest) -> None:
    """Write the pruned model in the Hugging Face layout.

    Raises
    ------
    OptionError
        What is asked for cannot be removed from this model.
    UsageError
        There is nothing to calibrate on.
    InferenceError
        The weights are damaged, or no numbers.
    """
    opened, before, after, _ = _pruned(request, onnx=False)
    opened.save(request.out, config_after(opened.config, before, after, opened.kept))


def prune_to_onnx(request: TransformRequest) -> None:
    """Write the pruned model as an ONNX graph, because transformers has no config for it.

    Raises
    ------
    OptionError, UsageError, InferenceError
        As `prune`; or torch cannot export the model.
    """
    opened, before, after, batches = _pruned(request, onnx=True)
    if opened.dtype != torch.float32:
        nn.Module.float(opened.model)
    export(opened.model, batches[0], request.out / GRAPH)
    write_config(request.out, config_after(opened.config, before, after, opened.kept))


def _pruned(request: TransformRequest, *, onnx: bool) -> tuple[Opened, Shape, Shape, list[Batch]]:
    """The model after it all, its shape before and after, and what it was calibrated on."""
    opened = open_model(request.path, request.facts)
    facts = replace(request.facts, config={**request.facts.config, **opened.config})
    asked = asked_of(facts, request.options, onnx=onnx)
    if isinstance(asked, str):
        raise OptionError(f"prune: {asked}")
    shape, settings = asked
    _spell_out(opened)
    batches: list[Batch] = []
    if settings.calibrated or onnx:
        batches = batches_of(request, opened.model, samples=settings.samples, seed=settings.seed)
    with torch.no_grad():
        _remove(opened, batches, shape, settings, request)
    return opened, shape, settings.after(shape), batches


def _remove(opened: Opened, batches: list[Batch], shape: Shape, settings: Settings, request: TransformRequest) -> None:
    calls = trace(opened, batches) if settings.calibrated else []
    kept = layers_to_keep(opened, calls, settings.layers, request.tell)
    narrow(opened, calls, kept, shape, settings, request.tell)
    opened.keep(kept)
    for call in calls:
        call.arguments = [call.arguments[place] for place in kept]
    zero_weights(opened, calls, settings, request.tell)


def _spell_out(opened: Opened) -> None:
    """Write into the config what transformers derives from the family or the place of a layer, as both may change."""
    settings = opened.model.config.to_dict()
    for name in ("layer_types", "no_rope_layers"):
        if isinstance(settings.get(name), list):
            opened.config[name] = settings[name]
    if opened.config.get("model_type") == "llama":
        for name in ("hidden_act", "max_position_embeddings", "rms_norm_eps", "rope_parameters", "tie_word_embeddings"):
            opened.config.setdefault(name, settings[name])
