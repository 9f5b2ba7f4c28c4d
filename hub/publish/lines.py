"""On which line of a JSON text a path such as `$.models[3].license` stands, for annotations in a pull request.

Knows nothing of registries.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder

__all__ = ["line_of"]

_TEXT = JSONDecoder(strict=False)
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\['([^']*)'\]")
_SPACE = re.compile(r"[\s,:]*")
_LITERAL = re.compile(r"[^\s,\]}]+")


def line_of(text: str, path: str) -> int:
    """Line of the value, counted from 1; of the nearest thing around it where the path leads nowhere."""
    at = _skip(text, 0)
    for name, index, quoted in _STEP.findall(path):
        try:
            found = _item(text, at, int(index)) if index else _member(text, at, name or quoted)
        except (JSONDecodeError, IndexError, ValueError):
            break
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def _member(text: str, at: int, name: str) -> int | None:
    if text[at] != "{":
        return None
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _TEXT.raw_decode(text, at)
        at = _skip(text, at)
        if key == name:
            return at
        at = _skip(text, _past(text, at))
    return None


def _item(text: str, at: int, index: int) -> int | None:
    if text[at] != "[":
        return None
    at = _skip(text, at + 1)
    for _ in range(index):
        at = _skip(text, _past(text, at))
    return None if text[at] == "]" else at


def _past(text: str, at: int) -> int:
    """Position after the value that begins here."""
    depth = 0
    while True:
        if text[at] == '"':
            _, at = _TEXT.raw_decode(text, at)
        elif text[at] in "{[":
            depth, at = depth + 1, at + 1
        elif text[at] in "}]":
            depth, at = depth - 1, at + 1
        else:
            found = _LITERAL.match(text, at)
            if found is None:
                raise ValueError
            at = found.end()
        if depth == 0:
            return at
        at = _skip(text, at)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
