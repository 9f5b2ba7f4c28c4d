"""Reads what a model's own files say of making sentence vectors: length, pooling, normalisation, padding.

Follows the layout of sentence-transformers (`modules.json`, `1_Pooling/config.json`, `sentence_bert_config.json`) and
the Hugging Face tokenizer files. What no file says is decided here and told in `notices`. Computes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from hub.errors import InferenceError
from hub.types import JSON
from hub_text.files import read_json, read_object
from hub_text.limits import Limits, read_limits

__all__ = ["POOLINGS", "Layout", "read_layout"]

# In the order in which sentence-transformers joins several of them.
POOLINGS = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How to make a vector of a text.

    Parameters
    ----------
    limits
        The length that the sentence model was made for, where its files say it; else that of its tokenizer.
    prompt
        Text that the model wants before each input.
    notices
        What was decided because no file says it.
    """

    limits: Limits
    poolings: tuple[str, ...]
    normalize: bool
    lower_case: bool = False
    prompt: str = ""
    notices: tuple[str, ...] = ()


def read_layout(folder: Path) -> Layout:
    """Read the files in the folder of an artifact; none of them is required.

    Raises
    ------
    InferenceError
        A file is broken, or asks for a step that needs weights of its own.
    """
    sentence = read_object(folder / "sentence_bert_config.json")
    limits, made_for = read_limits(folder), sentence.get("max_seq_length")
    poolings, normalize, notices = _modules(folder)
    return Layout(
        limits=replace(limits, max_length=made_for) if isinstance(made_for, int) and made_for > 0 else limits,
        poolings=poolings,
        normalize=normalize,
        lower_case=sentence.get("do_lower_case") is True,
        prompt=_prompt(read_object(folder / "config_sentence_transformers.json")),
        notices=notices,
    )


def _modules(folder: Path) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    """Poolings, whether vectors are normalised, and notices."""
    listed = read_json(folder / "modules.json")
    if listed is None:
        notice = "no modules.json says how to pool: the mean of the tokens, scaled to length 1, is taken"
        return ("mean",), True, (notice,)
    if not isinstance(listed, list):
        raise InferenceError(f"{folder / 'modules.json'} holds no list")
    poolings: tuple[str, ...] = ()
    normalize = False
    notices: tuple[str, ...] = ()
    for module in listed:
        entry = module if isinstance(module, dict) else {}
        kind = str(entry.get("type", "")).rpartition(".")[2]
        if kind == "Pooling":
            poolings, notices = _poolings(folder / str(entry.get("path", "")) / "config.json")
        elif kind == "Normalize":
            normalize = True
        elif kind != "Transformer":
            raise InferenceError(
                f"{folder / 'modules.json'} asks for '{kind}', which weights in this format do not carry"
            )
    if not poolings:
        return ("mean",), normalize, ("modules.json names no pooling: the mean of the tokens is taken",)
    return poolings, normalize, notices


def _poolings(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    config = read_object(path)
    named = config.get("pooling_mode")
    if isinstance(named, str):
        chosen = {named}
    elif isinstance(named, list):
        chosen = {str(name) for name in named}
    else:
        chosen = {name for flag, name in _FLAGS.items() if config.get(flag) is True}
    unknown = chosen - set(POOLINGS)
    if unknown:
        raise InferenceError(f"{path} asks for pooling '{', '.join(sorted(unknown))}', which is not known")
    if not chosen:
        return ("mean",), (f"{path.parent.name}/{path.name} names no pooling: the mean of the tokens is taken",)
    return tuple(name for name in POOLINGS if name in chosen), ()


def _prompt(config: dict[str, JSON]) -> str:
    prompts, name = config.get("prompts"), config.get("default_prompt_name")
    found = prompts.get(name) if isinstance(prompts, dict) and isinstance(name, str) else None
    return found if isinstance(found, str) else ""
