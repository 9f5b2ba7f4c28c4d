"""Writes `schema.json`, the JSON Schema of a registry, from the types: `python -m hub.registry.generate`.

Knows nothing of the rules that a JSON Schema cannot say; those are in `hub.registry.rules`.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from hub.registry.schema import SCHEMA, Registry

__all__ = ["PATH", "schema_text"]

PATH = Path(__file__).with_name("schema.json")


def schema_text() -> str:
    """The JSON Schema (draft 2020-12) as it stands in the file."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Registry of models and plugins, schema {SCHEMA}",
        **msgspec.json.schema(Registry),
    }
    return json.dumps(document, indent=2, ensure_ascii=False).replace(r"\\Z", "$") + "\n"


if __name__ == "__main__":
    PATH.write_text(schema_text(), encoding="utf-8")
