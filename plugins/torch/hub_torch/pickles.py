"""Turns a state dict that PyTorch pickled into safetensors: the same tensors, under the same names.

A pickle can carry code. It is read by an unpickler that makes tensors and plain containers and nothing else
(`torch.load(weights_only=True)`), and what names anything more is refused before any of it is called. What was written
is read again and must hold the same bytes. Where there is no `config.json`, what the registry says of the model is
written as one. Knows nothing of tasks.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from hub.errors import InferenceError, PolicyError
from hub.runtime.protocols import TransformRequest
from hub_torch.pickles_facts import CONFIG

__all__ = ["convert", "read_tensors"]

_WRAPPERS = ("state_dict", "model_state_dict", "model")
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
_CODE = ("GLOBAL", "allowlisted", "must be imported")
"""What torch says where a pickle names a class or a function that makes no tensors."""

_SHOWN = 160


def convert(request: TransformRequest) -> None:
    """Target of the transform.

    Raises
    ------
    PolicyError
        The file names code.
    InferenceError
        The file is damaged, or holds no tensors by name.
    """
    [path] = request.files
    tensors = read_tensors(path)
    out = request.out / "model.safetensors"
    save_file(tensors, out, metadata={"format": "pt"})
    written = load_file(out)
    changed = [name for name, tensor in tensors.items() if not _same(tensor, written.get(name))]
    if changed or len(written) != len(tensors):
        raise InferenceError(f"what was written is not what {path.name} holds: {(changed or ['a tensor too many'])[0]}")
    if not (request.path / CONFIG).exists():
        config = {"model_type": request.facts.family, **request.facts.config}
        (request.out / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a pickled state dict by name, each with memory of its own.

    Raises
    ------
    PolicyError, InferenceError
        As for `convert`.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refused(path, str(error)) from error
    except Exception as error:  # whatever the readers of both of torch's formats trip over
        reason = " ".join(str(error).split())[:_SHOWN] or type(error).__name__
        raise InferenceError(f"{path.name} cannot be read as a PyTorch file: {reason}") from error
    for wrapper in _WRAPPERS:
        inner = content.get(wrapper) if isinstance(content, Mapping) else None
        if isinstance(inner, Mapping):
            content = inner
    if not isinstance(content, Mapping) or not content:
        raise InferenceError(f"{path.name} holds {type(content).__name__}, and no tensors by name")
    other = [
        name for name, value in content.items() if not isinstance(name, str) or not isinstance(value, torch.Tensor)
    ]
    if other:
        raise InferenceError(f"{path.name} holds '{other[0]}', which is no tensor, among its {len(content)} entries")
    return {name: tensor.detach().clone().contiguous() for name, tensor in content.items()}


def _refused(path: Path, reason: str) -> PolicyError | InferenceError:
    """Code that is named is a matter of policy, anything else is damage."""
    if not any(word in reason for word in _CODE):
        return InferenceError(f"{path.name} is damaged: {' '.join(reason.split())[:_SHOWN]}")
    found = _GLOBAL.search(reason)
    what = found[1] if found else "code"
    return PolicyError(
        f"{path.name} would call {what} when it is read, so it is not: weights need tensors alone",
        hint="Do not load it with anything else. Take another variant, and tell whoever published it.",
    )


def _same(tensor: torch.Tensor, other: torch.Tensor | None) -> bool:
    """Whether every bit is the same; a number that is none equals itself here."""
    if other is None or tensor.dtype != other.dtype or tensor.shape != other.shape:
        return False
    return torch.equal(tensor.flatten().view(torch.uint8), other.flatten().view(torch.uint8))
