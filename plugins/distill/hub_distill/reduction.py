"""Makes a student of a model by taking layers out and narrowing feed-forward blocks.

The layers that stay are those of `hub_distill.shapes.evenly`; the channels that stay are those whose weights into and
out of the block are largest. What that costs is what the distillation wins back. Works on any architecture whose
layers lie in one list and whose blocks are plain linear maps; knows no architecture by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from transformers import PreTrainedModel

from hub.errors import InferenceError
from hub_distill.kinds import Kind
from hub_distill.loading import Opened, quiet
from hub_distill.shapes import evenly, inner_of, layers_of, made_smaller

__all__ = ["layer_list", "reduced"]


def reduced(source: Opened, kind: Kind, *, layers: int | None, width: float | None) -> Opened:
    """A smaller model with weights of the source.

    Raises
    ------
    InferenceError
        Layers or blocks of this architecture are not where they can be found.
    """
    model = source.model
    full: dict[str, Any] = model.config.to_dict()
    _, had = layers_of(full)
    kept = evenly(layers, had) if layers is not None else tuple(range(had))
    smaller = made_smaller(full, kept, width)
    state = _renumbered(model, kept)
    if width is not None:
        _narrow(state, model, kept, inner_of(smaller)[1])
    config = type(model.config).from_dict(smaller)
    with quiet():
        student = getattr(transformers, kind.auto).from_config(config, dtype=torch.float32)
    try:
        student.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise InferenceError(
            f"{type(model).__name__} cannot be made smaller by keep_layers= and keep_ffn=: {reason}",
            hint="Name a student of your own: distill:student=FOLDER",
        ) from error
    student.tie_weights()
    changes = {name: value for name, value in smaller.items() if value != full[name]}
    return Opened(
        model=student.eval(), config={**source.config, **changes}, stored=source.stored, lacking=source.lacking
    )


def layer_list(model: nn.Module, count: int) -> tuple[str, nn.ModuleList]:
    """Where the layers of a model are: the name and the list.

    Raises
    ------
    InferenceError
        No list holds `count` modules of one type.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) == count and len({type(each) for each in module}) == 1:
            return name, module
    raise InferenceError(
        f"{type(model).__name__} does not keep its {count} layers in one list, so that none can be taken out",
        hint="Name a student of your own: distill:student=FOLDER",
    )


def _renumbered(model: PreTrainedModel, kept: tuple[int, ...]) -> dict[str, Tensor]:
    """Weights of a model, without the layers that go."""
    name, _ = layer_list(model, layers_of(model.config.to_dict())[1])
    place = {f"{name}.{old}.": f"{name}.{new}." for new, old in enumerate(kept)}
    state: dict[str, Tensor] = {}
    for key, value in model.state_dict().items():
        if not key.startswith(f"{name}."):
            state[key] = value
            continue
        head = f"{name}.{key.removeprefix(f'{name}.').partition('.')[0]}."
        if head in place:
            state[place[head] + key.removeprefix(head)] = value
    return state


def _narrow(state: dict[str, Tensor], model: PreTrainedModel, kept: tuple[int, ...], channels: int) -> None:
    """Cut the feed-forward blocks of every layer that stays, in place."""
    config: Mapping[str, Any] = model.config.to_dict()
    name, layers = layer_list(model, layers_of(config)[1])
    _, inner = inner_of(config)
    for new, old in enumerate(kept):
        linear = {key: module for key, module in layers[old].named_modules() if isinstance(module, nn.Linear)}
        into = [key for key, module in linear.items() if module.out_features == inner != module.in_features]
        out = [key for key, module in linear.items() if module.in_features == inner != module.out_features]
        if not into or len(out) != 1:
            raise InferenceError(
                f"the feed-forward blocks of {type(model).__name__} are no plain linear maps of {inner} channels, "
                "so that keep_ffn= cannot narrow them",
                hint="Take layers out with keep_layers=, or name a student of your own: distill:student=FOLDER",
            )
        norms = [linear[key].weight.float().norm(dim=1) for key in into] + [linear[out[0]].weight.float().norm(dim=0)]
        importance = torch.stack([norm.log() for norm in norms]).sum(dim=0)
        chosen = importance.topk(channels).indices.sort().values
        for key in into:
            for what in ("weight", "bias"):
                full = f"{name}.{new}.{key}.{what}"
                if full in state:
                    state[full] = state[full][chosen].contiguous()
        full = f"{name}.{new}.{out[0]}.weight"
        state[full] = state[full][:, chosen].contiguous()
