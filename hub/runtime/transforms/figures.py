"""Figures of artifacts: in the lineage of what a step made, and in a small file of its own for any other artifact.

They belong to an artifact and a way of opening it: a backend, a device, and what the backend does while it loads.
Knows nothing of how they are taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hub.runtime.transforms.lineage import chain_of, write_lineage
from hub.store.blobs import write_json
from hub.store.layout import storage_errors
from hub.store.store import Store
from hub.types import JSON

__all__ = ["read_figures", "write_figures"]


def read_figures(store: Store, digest: str) -> Mapping[str, JSON]:
    """What was measured of an artifact, by the name of the way; empty where nothing was."""
    chain = chain_of(store, digest)
    if chain:
        return chain[-1].figures
    try:
        content = json.loads(_path(store, digest).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_figures(store: Store, digest: str, figures: Mapping[str, JSON]) -> None:
    """Keep figures of an artifact, in place of earlier ones of the same ways."""
    together = {**read_figures(store, digest), **figures}
    chain = chain_of(store, digest)
    if chain:
        write_lineage(store, replace(chain[-1], figures=together))
        return
    path = _path(store, digest)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, together)


def _path(store: Store, digest: str) -> Path:
    return store.layout.root / "figures" / f"{digest.removeprefix('sha256:')}.json"
