"""Opens models and tokenizers in the Hugging Face layout through transformers, and writes students down.

Safetensors alone, from this disk alone, and never code that comes with a model. Weights are held in float32, because
small updates would be lost in fewer bits. Knows nothing of losses or batches.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError, safe_open
from transformers import AutoTokenizer, PreTrainedModel

from hub.errors import HubError, InferenceError, PolicyError
from hub_distill.kinds import Kind

__all__ = [
    "Opened",
    "Tokenizer",
    "open_model",
    "open_tokenizer",
    "quiet",
    "read_json",
    "use_plain_attention",
    "write_model",
]

Tokenizer = Any  # transformers' tokenizers have no common type that says what they do
_SPARE = "pooler."  # hidden states do not go through it, and files may lack it
_NOISY = ("torchao", "torch.utils._pytree", "torch.distributed")
_DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_SHARD = "5GB"


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A model, the config as its file says it, the dtype of its weights there, and weights that the file lacks."""

    model: PreTrainedModel
    config: dict[str, Any]
    stored: torch.dtype
    lacking: tuple[str, ...] = ()


def open_model(folder: Path, kind: Kind, role: str) -> Opened:
    """Load the model of a folder in float32.

    Parameters
    ----------
    role
        What messages call it: `teacher` or `student`.

    Raises
    ------
    InferenceError
        Files are missing or damaged, or of a model of another kind.
    PolicyError
        It would need code of its own.
    """
    what = f"the {role} in {folder}"
    with quiet(), _translated(what):
        model, info = getattr(transformers, kind.auto).from_pretrained(
            folder,
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
        stored = _stored(folder)
    lacking = tuple(sorted(info["missing_keys"]))
    needed = [name for name in lacking if not name.startswith(_SPARE)]
    if needed:
        more = f" and {len(needed) - 1} more" if len(needed) > 1 else ""
        raise InferenceError(
            f"{what} lacks {needed[0]}{more}, which {type(model).__name__} needs",
            hint="It is a model for another task, or incomplete.",
        )
    return Opened(model=model.eval(), config=read_json(folder / "config.json"), stored=stored, lacking=lacking)


def use_plain_attention(model: PreTrainedModel) -> None:
    """Compute attention in plain products, which holds a number for each pair of tokens."""
    with quiet():
        model.set_attn_implementation("eager")


def open_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a folder.

    Raises
    ------
    InferenceError, PolicyError
        There is none that can be read, or it would need code of its own.
    """
    with quiet(), _translated(f"the tokenizer in {folder}"):
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def write_model(opened: Opened, out: Path, before: Mapping[str, Any]) -> None:
    """Write weights as safetensors in the dtype that they came in, and the config where it is not as `before`.

    Weights that the file lacked, and nobody learnt, are not written.
    """
    folder = out / ".saving"
    model: Any = opened.model  # Any: transformers wraps `to` in a way that mypy cannot follow
    model.to(device="cpu", dtype=opened.stored)
    state = {name: value for name, value in model.state_dict().items() if name not in opened.lacking}
    with quiet():
        model.save_pretrained(folder, state_dict=state, max_shard_size=_SHARD)
    for path in sorted(folder.iterdir()):
        if ".safetensors" in path.name:
            path.replace(out / path.name)
    shutil.rmtree(folder)
    if opened.config != before:
        text = json.dumps(opened.config, indent=2, sort_keys=True)
        (out / "config.json").write_text(f"{text}\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises
    ------
    InferenceError
        It cannot be read, or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InferenceError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise InferenceError(f"{path} holds no JSON object")
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers and what it imports from printing: what matters is raised."""
    settings: Any = transformers.utils.logging  # Any: it is not annotated
    level, bars = settings.get_verbosity(), settings.is_progress_bar_enabled()
    levels = {name: logging.getLogger(name).level for name in _NOISY}
    settings.set_verbosity_error()
    settings.disable_progress_bar()
    for name in levels:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        settings.set_verbosity(level)
        if bars:
            settings.enable_progress_bar()
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)


def _stored(folder: Path) -> torch.dtype:
    """The dtype of most numbers in the files of a folder."""
    counts: dict[torch.dtype, int] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - it is no mapping
                part = tensors.get_slice(name)
                dtype = _DTYPES.get(part.get_dtype())
                if dtype is not None:
                    counts[dtype] = counts.get(dtype, 0) + torch.Size(part.get_shape()).numel()
    return max(counts, key=lambda dtype: counts[dtype]) if counts else torch.float32


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except (HubError, MemoryError, torch.OutOfMemoryError):
        raise
    except SafetensorError as error:
        raise InferenceError(f"{what} is damaged: {error}") from error
    except (OSError, ValueError, KeyError, ImportError) as error:
        text = str(error).strip()
        if "trust_remote_code" in text:
            raise PolicyError(f"{what} needs code of its own, which is not run") from error
        reason = text.splitlines()[0] if text else type(error).__name__
        raise InferenceError(f"{what} cannot be loaded by transformers {transformers.__version__}: {reason}") from error
