"""A model on its way through pruning: opened with transformers, its layers at hand, written back.

Weights of another task's head, which the file holds and the task does not use, are left out of what is written; what
the file lacks is not invented. Knows nothing of what is pruned.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from hub.errors import InferenceError
from hub.types import Facts
from hub_prune.facts import WEIGHTS
from hub_prune.families import AUTOS, FAMILIES, Layout
from hub_prune.library import PreTrainedModel, auto, quiet

__all__ = ["Opened", "open_model"]


@dataclass(kw_only=True)
class Opened:
    """A model in memory, in the dtype that it computes in.

    Parameters
    ----------
    dtype
        What the weights are stored in.
    absent
        Weights that the file lacks, and that the answer does not need.
    kept
        Layers of the original that are still there, from 0.
    """

    model: PreTrainedModel
    layout: Layout
    dtype: torch.dtype
    config: dict[str, Any]  # Any: config.json
    absent: frozenset[str] = frozenset()
    kept: list[int] = field(default_factory=list)

    @property
    def base(self) -> nn.Module:
        """The model below its task's head."""
        return getattr(self.model, self.model.base_model_prefix, self.model)

    @property
    def layers(self) -> nn.ModuleList:
        """The list of its layers."""
        found = self.base.get_submodule(self.layout.stack)
        assert isinstance(found, nn.ModuleList)
        return found

    def keep(self, places: list[int]) -> None:
        """Leave these layers alone, counted from 0 among those that are there."""
        owner, _, name = self.layout.stack.rpartition(".")
        layers = self.layers
        self.kept = [self.kept[place] for place in places]
        setattr(self.base.get_submodule(owner), name, nn.ModuleList([layers[place] for place in places]))

    def save(self, out: Path, config: dict[str, Any]) -> None:  # Any: as above
        """Write weights and config."""
        seen: set[int] = set()
        tensors: dict[str, torch.Tensor] = {}
        for name, tensor in self.model.state_dict().items():
            tied = tensor.data_ptr() in seen and tensor.numel() > 0
            if not tied and name not in self.absent:
                seen.add(tensor.data_ptr())
                tensors[name] = tensor.to(self.dtype).contiguous() if tensor.is_floating_point() else tensor
        save_file(tensors, out / WEIGHTS, metadata={"format": "pt"})
        write_config(out, config)


def write_config(out: Path, config: dict[str, Any]) -> None:  # Any: as above
    """Write `config.json`."""
    (out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def open_model(folder: Path, facts: Facts) -> Opened:
    """Open a model with the class of its task.

    Raises
    ------
    InferenceError
        Files are damaged or incomplete, or a weight is no number: it is named.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        with quiet():
            model, info = auto(AUTOS[facts.task]).from_pretrained(
                folder,
                dtype="auto",
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InferenceError(f"{folder.name[:12]} cannot be opened with transformers: {reason}") from error
    missing = {name for name in info["missing_keys"] if not name.startswith("pooler.")}
    if missing:
        raise InferenceError(f"the weights lack {min(missing)}, which {type(model).__name__} needs")
    stored = next(each.dtype for each in model.parameters() if each.is_floating_point())
    _refuse_broken(model)
    model.eval().requires_grad_(False)
    if stored == torch.float16:
        nn.Module.float(model)  # CPUs are slow at half precision, and sums of it overflow
    opened = Opened(
        model=model,
        layout=FAMILIES[facts.family],
        dtype=stored,
        config=config,
        absent=frozenset(info["missing_keys"]),
    )
    opened.kept = list(range(len(opened.layers)))
    return opened


def _refuse_broken(model: nn.Module) -> None:
    """Refuse weights that are no numbers: one of them makes every least-squares fit meaningless."""
    for name, tensor in model.named_parameters():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor.sum(dtype=torch.float32))):
            wrong = int((~torch.isfinite(tensor)).sum())
            if wrong:
                raise InferenceError(
                    f"{name} holds {wrong} values that are no finite numbers",
                    hint="The weights are damaged, or an earlier step broke them: prune what came before it.",
                )
