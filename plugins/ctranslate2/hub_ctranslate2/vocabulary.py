"""Reads the vocabulary that lies beside the weights: a token for each id. Knows nothing of tokenizers."""

from __future__ import annotations

import json
from pathlib import Path

from hub.errors import InferenceError

__all__ = ["read_vocabulary"]


def read_vocabulary(folder: Path, *names: str) -> list[str]:
    """Tokens in the order of their ids, from the first of the names that is there, as JSON or a line each.

    Raises
    ------
    InferenceError
        None is there, or it cannot be read.
    """
    for name in names:
        try:
            listed, lines = folder / f"{name}.json", folder / f"{name}.txt"
            if listed.exists():
                return [str(token) for token in json.loads(listed.read_text(encoding="utf-8"))]
            if lines.exists():
                return lines.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        except (OSError, ValueError) as error:
            raise InferenceError(f"the vocabulary in {folder} cannot be read: {error}") from error
    raise InferenceError(f"{folder} has no {' or '.join(f'{name}.json, {name}.txt' for name in names)}")
