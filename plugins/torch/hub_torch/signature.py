"""What a loaded model takes and gives, as tensors with symbolic sizes, and the limits of what it takes.

Read from the model itself: its main input, the arguments of its `forward`, its config. Computes nothing.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from torch import nn

from hub.errors import InferenceError
from hub.runtime.protocols import Tensor
from hub.types import JSON
from hub_torch.library import PreTrainedModel
from hub_torch.tasks import Kind

__all__ = ["Limits", "context_of", "inputs_of", "limits_of", "metadata_of", "outputs_of", "takes"]

_TEXT = ("batch", "sequence")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How large ids may be, by the name of the input, and how many tokens a text may have; `None` where any."""

    ids: dict[str, int]
    tokens: int | None


def inputs_of(model: PreTrainedModel) -> tuple[Tensor, ...]:
    """Inputs of the model, or of its encoder where it has one."""
    main = model.main_input_name
    if main == "input_ids":
        names = ["input_ids", "attention_mask"]
        if takes(model, "token_type_ids") and _number(model, "type_vocab_size") > 1:
            names.append("token_type_ids")
        return tuple(Tensor(name=name, dtype="int64", shape=_TEXT) for name in names)
    if main == "pixel_values":
        return (Tensor(name=main, dtype="float32", shape=_image(model)),)
    if main == "input_features":
        frames: int | str = 2 * _number(model, "max_source_positions") or "frames"
        bins: int | str = _number(model, "num_mel_bins") or "bins"
        return (Tensor(name=main, dtype="float32", shape=("batch", bins, frames)),)
    if main == "input_values":
        return (Tensor(name=main, dtype="float32", shape=("batch", "samples")),)
    raise InferenceError(f"{type(model).__name__} takes '{main}', which is not known here")


def outputs_of(model: PreTrainedModel, kind: Kind) -> tuple[Tensor, ...]:
    """Outputs of `run`; all of them are given as float32."""
    sizes: dict[str, int] = {
        "labels": int(getattr(model.config, "num_labels", 0) or 0),
        "vocabulary": _number(model, "vocab_size"),
        "hidden": _number(model, "hidden_size"),
    }
    return tuple(
        Tensor(name=name, dtype="float32", shape=tuple(sizes.get(dim) or dim for dim in shape))
        for name, shape in kind.outputs.items()
    )


def limits_of(model: PreTrainedModel) -> Limits:
    """What ids and lengths an embedding has rows for: a GPU that is asked for another one is lost to the process."""
    words = model.get_input_embeddings() if model.main_input_name == "input_ids" else None
    ids = {"input_ids": words.num_embeddings} if isinstance(words, nn.Embedding) else {}
    types = _number(model, "type_vocab_size")
    if types:
        ids["token_type_ids"] = types
    tokens = context_of(model)
    for name, layer in model.named_modules():
        # RoBERTa and its kin count positions from behind the id that pads
        if name.endswith("position_embeddings") and isinstance(layer, nn.Embedding) and layer.padding_idx is not None:
            tokens = layer.num_embeddings - layer.padding_idx - 1
    return Limits(ids=ids, tokens=tokens)


def context_of(model: PreTrainedModel) -> int | None:
    """Most tokens of a text, prompt and answer together, or `None` where the model has no limit of its own."""
    text = model.config.get_text_config(decoder=True)
    for name in ("max_target_positions", "max_position_embeddings"):
        value = getattr(text, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return None


def metadata_of(model: PreTrainedModel, quantized: str = "") -> dict[str, JSON]:
    """What the files say of the model and how it is computed; `quantized` as `Loaded` has it."""
    text = model.config.get_text_config(decoder=True)
    found: dict[str, JSON] = {
        "architecture": type(model).__name__,
        "attention": str(getattr(model.config, "_attn_implementation", "") or ""),
        "dtype": str(model.dtype).removeprefix("torch."),
        "parameters": model.num_parameters(),
    }
    if quantized:
        found["quantized"] = quantized
    for key in ("vocab_size", "bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"):
        value = getattr(text, key, None)
        if isinstance(value, int | list):
            found[key] = value
    context = context_of(model)
    if context is not None:
        found["context_length"] = context
    return found


def takes(model: PreTrainedModel, name: str) -> bool:
    """Whether `forward` has an argument of this name."""
    return name in inspect.signature(model.forward).parameters


def _image(model: PreTrainedModel) -> tuple[int | str, ...]:
    """A model that cuts images into patches and has positions for them takes one size alone; others take any."""
    channels = _number(model, "num_channels") or 3
    size, patch = getattr(model.config, "image_size", None), getattr(model.config, "patch_size", None)
    if not any("position" in name for name, _ in model.named_parameters()):
        return ("batch", channels, "height", "width")
    if isinstance(size, list | tuple) and len(size) == 2 and patch:
        return ("batch", channels, int(size[0]), int(size[1]))
    if isinstance(size, int) and patch:
        return ("batch", channels, size, size)
    return ("batch", channels, "height", "width")


def _number(model: PreTrainedModel, name: str) -> int:
    value = getattr(model.config, name, None)
    if value is None:
        value = getattr(model.config.get_text_config(), name, None)
    return value if isinstance(value, int) and value > 0 else 0
