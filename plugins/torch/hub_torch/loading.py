"""Loads weights in the Hugging Face layout through the Auto classes of transformers.

Safetensors alone, from this disk alone, and never code that comes with a model. Knows nothing of what the model is
asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from hub.errors import HubError, InferenceError, PolicyError
from hub_torch.devices import choose_dtype
from hub_torch.faults import explaining_memory
from hub_torch.library import AutoConfig, PretrainedConfig, PreTrainedModel, quiet, transformers
from hub_torch.tasks import Kind

__all__ = ["Loaded", "load", "read_config"]

_UNUSED = ("pooler.",)  # only hidden states are given, so a pooler that is not in the file changes nothing
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A model that is ready to compute, and the device that its inputs go to.

    `quantized` says what was put into fewer bits; empty where nothing was.
    """

    model: PreTrainedModel
    device: torch.device
    dtype: torch.dtype
    quantized: str = ""


def load(folder: Path, weights: Sequence[Path], kind: Kind, *, dtype: str, device: str, spread: bool) -> Loaded:
    """Load a model.

    Parameters
    ----------
    weights
        The safetensors files.
    dtype
        As the option of that name.
    spread
        Put it on all GPUs, and what they do not hold into the machine's memory.

    Raises
    ------
    PolicyError
        It would need code of its own.
    InferenceError
        Files are damaged, lack weights, or do not fit.
    OptionError
        The device does not take the dtype.
    """
    config = read_config(folder)
    used = choose_dtype(dtype, stored_dtype(weights, config), device)
    place: dict[str, Any] = {} if device == "cpu" else {"device_map": "auto" if spread else {"": device}}
    target = torch.device(device)
    hint = "Use a smaller variant, dtype=bfloat16, or another device. See: hub plan"
    with explaining_memory(f"loading {folder.name[:12]}", target, hint), quiet(), _translated(folder):
        model, info = getattr(transformers, kind.auto).from_pretrained(
            folder,
            config=config,
            dtype=used,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            **place,
        )
    missing = sorted(name for name in info["missing_keys"] if not name.startswith(_UNUSED))
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InferenceError(
            f"the weights in {folder} lack {missing[0]}{more}, which {type(model).__name__} needs",
            hint="They are of a model for another task, or incomplete.",
        )
    model.eval()
    model.requires_grad_(False)
    return Loaded(model=model, device=target if spread is False else model.device, dtype=used)


def read_config(folder: Path) -> PretrainedConfig:
    """The model's config, without running what it names.

    Raises
    ------
    PolicyError, InferenceError
        It needs code of its own, or cannot be read.
    """
    with quiet(), _translated(folder):
        config: PretrainedConfig = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        return config


def stored_dtype(weights: Sequence[Path], config: PretrainedConfig) -> torch.dtype:
    """What most of the numbers in the files are; what the config says where they are no floating point.

    Raises
    ------
    InferenceError
        A file is damaged.
    """
    counts: dict[torch.dtype, int] = {}
    for path in (path for path in weights if path.suffix == ".safetensors"):
        try:
            with safe_open(path, framework="pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118 - it is no mapping
                    part = tensors.get_slice(name)
                    dtype = _DTYPES.get(part.get_dtype())
                    if dtype is not None:
                        counts[dtype] = counts.get(dtype, 0) + int(torch.Size(part.get_shape()).numel())
        except (SafetensorError, OSError) as error:
            raise InferenceError(f"{path} is damaged: {error}") from error
    said = getattr(config, "dtype", None)
    if getattr(config, "quantization_config", None) is not None and isinstance(said, torch.dtype):
        return said
    return max(counts, key=lambda dtype: counts[dtype]) if counts else torch.float32


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except (HubError, MemoryError, torch.OutOfMemoryError):
        raise
    except SafetensorError as error:
        raise InferenceError(f"the weights in {folder} are damaged: {error}") from error
    except (OSError, ValueError, KeyError, ImportError) as error:
        text = str(error)
        if "trust_remote_code" in text:
            raise PolicyError(
                f"the model in {folder} needs code of its own, which is not run",
                hint="Use a variant in another format, or a model whose architecture transformers knows.",
            ) from error
        reason = text.strip().splitlines()[0] if text.strip() else type(error).__name__
        raise InferenceError(
            f"transformers {transformers.__version__} cannot load {folder}: {reason}",
        ) from error
