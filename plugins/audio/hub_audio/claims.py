"""Tells from file names and `config.json` whether an unlisted repository is one of ours, and for which task.

Reads no file. The claims exclude each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from hub.types import JSON

__all__ = ["ctc", "piper", "silero", "whisper"]


def silero(files: tuple[str, ...], _: Mapping[str, JSON]) -> bool:
    """A graph that is called so."""
    return any(PurePosixPath(path).name.startswith("silero_vad") and path.endswith(".onnx") for path in files)


def piper(files: tuple[str, ...], _: Mapping[str, JSON]) -> bool:
    """A graph with the JSON of its voice beside it."""
    return any(f"{path}.json" in files for path in files if path.endswith(".onnx"))


def whisper(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """Its `model_type`; or, as CTranslate2 writes it, the heads that align words with sound."""
    names = {PurePosixPath(path).name for path in files}
    if "tokenizer.json" not in names:
        return False
    return config.get("model_type") == "whisper" or ("model.bin" in names and "alignment_heads" in config)


def ctc(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """A head for CTC, with its letters."""
    heads = config.get("architectures")
    names = {PurePosixPath(path).name for path in files}
    return "vocab.json" in names and isinstance(heads, list) and any(str(head).endswith("ForCTC") for head in heads)
