"""Tells from file names and `config.json` whether an unlisted repository is one of ours. Reads no file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from hub.types import JSON
from hub_text.plugin import ENCODERS

__all__ = ["embeds", "generates"]

_EMBEDDER_NAMES = ("embed", "minilm", "bge-", "e5-", "gte-", "sentence-")
_HEADS_OF_OTHER_TASKS = ("Classification", "QuestionAnswering", "CausalLM")


def generates(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """A GGUF repository that is no embedder by name or by architecture."""
    return _has_gguf(files) and not _embedder(files, config)


def embeds(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """A sentence-transformers layout, a bare encoder with its tokenizer, or a GGUF embedder."""
    names = {PurePosixPath(path).name for path in files}
    if _has_gguf(files):
        return _embedder(files, config)
    if "tokenizer.json" not in names:
        return False
    return "modules.json" in names or (config.get("model_type") in ENCODERS and not _has_other_head(config))


def _has_gguf(files: tuple[str, ...]) -> bool:
    return any(path.endswith(".gguf") for path in files)


def _embedder(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    if config.get("model_type"):
        return config["model_type"] in ENCODERS
    names = [PurePosixPath(path).name.lower() for path in files if path.endswith(".gguf")]
    return all(any(hint in name for hint in _EMBEDDER_NAMES) for name in names)


def _has_other_head(config: Mapping[str, JSON]) -> bool:
    architectures = config.get("architectures")
    named = [str(name) for name in architectures] if isinstance(architectures, list) else []
    return any(head in name for name in named for head in _HEADS_OF_OTHER_TASKS)
