"""Reads the small files beside weights. Knows nothing of what they mean."""

from __future__ import annotations

import json
from pathlib import Path

from hub.errors import InferenceError
from hub.types import JSON

__all__ = ["read_object"]


def read_object(path: Path) -> dict[str, JSON]:
    """The JSON object in a file; empty where there is no file.

    Raises
    ------
    InferenceError
        The file holds anything else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InferenceError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise InferenceError(f"{path} holds no JSON object")
    return content
