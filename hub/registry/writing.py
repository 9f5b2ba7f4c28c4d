"""The one form of a `registry.json`: fields in a fixed order, two spaces, letters of every language as they are.

Works on JSON as it stands, so fields of a later version stay where they are. Knows nothing of what the values mean.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

__all__ = ["formatted", "in_form", "text_of"]

_REGISTRY = ("schema", "name", "maintainers", "models", "plugins")
_MODEL = [
    "id",
    "aliases",
    "task",
    "license",
    "summary",
    "tags",
    "family",
    "parameters",
    "context_length",
    "config",
    "links",
    "example",
    "owners",
    "variants",
]
_VARIANT = ["name", "format", "precision", "steps", "requires", "summary", "yanked", "files"]
_FILE = ["path", "size", "sha256", "sources", "part"]
_PLUGIN = ["package", "version", "contract", "gives", "formats", "summary", "license", "homepage", "owners", "yanked"]

Document = dict[str, Any]  # Any: JSON as it stands in the file


def formatted(content: bytes) -> bytes:
    """The same registry in the one form; content that is no registry raises ValueError."""
    document = json.loads(content)
    if not isinstance(document, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - a fault of the content, like all others
    return text_of(document).encode()


def in_form(content: bytes) -> bool:
    """Whether a registry is in the one form; quick where it is."""
    document = json.loads(content)
    if isinstance(document, dict):
        quick = msgspec.json.format(msgspec.json.encode(_ordered(document)), indent=2)
        if quick + b"\n" == content:
            return True
    return formatted(content) == content


def text_of(document: Document) -> str:
    """A registry as text."""
    return json.dumps(_ordered(document), indent=2, ensure_ascii=False) + "\n"


def _ordered(document: Document) -> Document:
    ordered = _in_order(document, _REGISTRY)
    ordered["models"] = [_model(entry) for entry in ordered.get("models", ())]
    ordered["plugins"] = [_in_order(entry, _PLUGIN) for entry in ordered.get("plugins", ())]
    return ordered


def _model(entry: Document) -> Document:
    ordered = _in_order(entry, _MODEL)
    ordered["variants"] = [_variant(variant) for variant in ordered.get("variants", ())]
    return ordered


def _variant(entry: Document) -> Document:
    ordered = _in_order(entry, _VARIANT)
    ordered["files"] = [_in_order(file, _FILE) for file in ordered.get("files", ())]
    return ordered


def _in_order(entry: Document, names: list[str] | tuple[str, ...]) -> Document:
    known = {name: entry[name] for name in names if name in entry}
    return {**known, **{name: value for name, value in entry.items() if name not in known}}
