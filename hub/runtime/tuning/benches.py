"""Keeps what `hub bench` and `hub tune` measured: the last document of each model, in the home folder.

Knows nothing of what is in the documents but whose they are; see `hub.runtime.tuning.report`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub import config
from hub.store.blobs import write_json
from hub.store.layout import storage_errors

__all__ = ["keep_bench", "kept_benches"]

Document = Mapping[str, Any]  # Any: JSON


def keep_bench(document: Document, by: str) -> Path:
    """Keep a document in place of an earlier one of the same reference, task and command.

    Parameters
    ----------
    by
        The command that measured: `bench` or `tune`.

    Raises
    ------
    StorageError
        The home folder cannot be written.
    """
    which = json.dumps([document["reference"], document["task"], by])
    name = hashlib.sha256(which.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    path = config.home() / "benches" / f"{name}.json"
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {**document, "by": by})
    return path


def kept_benches() -> list[dict[str, Any]]:  # Any: JSON
    """Every document that is kept, the latest first; one that cannot be read is left out."""
    folder = config.home() / "benches"
    found = [_read(path) for path in (folder.glob("*.json") if folder.is_dir() else ())]
    return sorted(filter(None, found), key=lambda document: str(document.get("measured")), reverse=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    sound = isinstance(content, dict) and isinstance(content.get("ways"), list) and content.get("model")
    return content if sound else {}
