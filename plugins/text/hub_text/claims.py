"""Tells from file names and `config.json` whether an unlisted repository is one of ours, and for which task.

Reads no file. The claims exclude each other: a head tells its task, and of the heads that classify texts the labels
do.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from hub.types import JSON
from hub_text.plugin import ENCODERS

__all__ = [
    "embeds",
    "fill_mask",
    "generates",
    "text_classification",
    "text_ranking",
    "token_classification",
    "zero_shot_classification",
]

_EMBEDDER_NAMES = ("embed", "minilm", "bge-", "e5-", "gte-", "sentence-")
_DECODER = ("ForCausalLM", "LMHeadModel")
_HEADS = (*_DECODER, "Classification", "QuestionAnswering", "MaskedLM", "ConditionalGeneration")


def generates(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """A GGUF repository that is no embedder by name or by architecture, or a decoder with its tokenizer."""
    if _has_gguf(files):
        return not _embedder(files, config)
    return "tokenizer.json" in _names(files) and _has_head(config, *_DECODER) and "modules.json" not in _names(files)


def embeds(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """A sentence-transformers layout, a bare encoder with its tokenizer, or a GGUF embedder."""
    names = _names(files)
    if _has_gguf(files):
        return _embedder(files, config)
    if "tokenizer.json" not in names:
        return False
    return "modules.json" in names or (config.get("model_type") in ENCODERS and not _has_head(config, *_HEADS))


def text_classification(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """A sequence classifier with labels of its own."""
    return _classifies(files, config) and not _ranks(config) and not _entails(config)


def zero_shot_classification(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """A sequence classifier one of whose labels is entailment."""
    return _classifies(files, config) and _entails(config)


def text_ranking(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """A sequence classifier that gives one score, and is not said to measure something."""
    return _classifies(files, config) and _ranks(config)


def token_classification(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """A token classifier."""
    return _labels_with(files, config, "ForTokenClassification")


def fill_mask(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """A masked language model."""
    return _labels_with(files, config, "ForMaskedLM")


def _classifies(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    return _labels_with(files, config, "ForSequenceClassification")


def _labels_with(files: tuple[str, ...], config: Mapping[str, JSON], head: str) -> bool:
    names = _names(files)
    return (
        "tokenizer.json" in names and "modules.json" not in names and not _has_gguf(files) and _has_head(config, head)
    )


def _ranks(config: Mapping[str, JSON]) -> bool:
    return len(_labels(config)) == 1 and config.get("problem_type") != "regression"


def _entails(config: Mapping[str, JSON]) -> bool:
    return any(label.lower().startswith("entail") for label in _labels(config))


def _labels(config: Mapping[str, JSON]) -> list[str]:
    names = config.get("id2label")
    return [str(name) for name in names.values()] if isinstance(names, dict) else []


def _names(files: tuple[str, ...]) -> set[str]:
    return {PurePosixPath(path).name for path in files}


def _has_gguf(files: tuple[str, ...]) -> bool:
    return any(path.endswith(".gguf") for path in files)


def _embedder(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    if config.get("model_type"):
        return config["model_type"] in ENCODERS
    names = [PurePosixPath(path).name.lower() for path in files if path.endswith(".gguf")]
    return all(any(hint in name for hint in _EMBEDDER_NAMES) for name in names)


def _has_head(config: Mapping[str, JSON], *heads: str) -> bool:
    architectures = config.get("architectures")
    named = [str(name) for name in architectures] if isinstance(architectures, list) else []
    return any(head in name for name in named for head in heads)
