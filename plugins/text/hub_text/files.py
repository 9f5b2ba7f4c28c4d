"""Reads the small JSON files that lie beside weights. Knows none of their meanings."""

from __future__ import annotations

import json
from pathlib import Path

from hub.errors import InferenceError
from hub.types import JSON

__all__ = ["integers", "read_json", "read_object", "token_text"]


def read_json(path: Path) -> JSON:
    """Content of a file; `None` where there is none.

    Raises
    ------
    InferenceError
        It cannot be read, or is not JSON.
    """
    try:
        content: JSON = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InferenceError(f"{path} cannot be read: {error}") from error
    return content


def read_object(path: Path) -> dict[str, JSON]:
    """Content of a file that holds a JSON object; empty where there is none."""
    content = read_json(path)
    return content if isinstance(content, dict) else {}


def token_text(value: JSON) -> str | None:
    """A special token, which is written as a text or as an object with a `content`."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else None


def integers(value: JSON) -> tuple[int, ...]:
    """One integer or several, which `config.json` writes as a number or as a list."""
    listed = value if isinstance(value, list) else [value]
    return tuple(item for item in listed if isinstance(item, int) and not isinstance(item, bool))
