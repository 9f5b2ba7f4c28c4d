"""A model of three numbers over the plugin of `tests/support/bending`, for what real compressions do not do on demand.

The plugin is found in other processes too, as an installed one is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from hub.plugin.hooks import GROUP
from hub.plugin.host import Host, load_host
from hub.store.blobs import hash_file

BENDING = Path(__file__).parent / "bending"
TEXTS = ["a cat", "two dogs bark", "I see", "the quick brown fox jumps", "owls", "it rained for days on end"]


def bent_model(folder: Path, monkeypatch: pytest.MonkeyPatch, factors: Sequence[float] = (1, 1, 1)) -> Path:
    """List a model `bent` in a registry that this process and its children use; gives a file of texts to measure on."""
    others = {entry.name for entry in entry_points(group=GROUP)} - {"bending"}
    monkeypatch.setenv("HUB_DISABLE_PLUGINS", ",".join(sorted(others)))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(BENDING), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(str(BENDING))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.bend").write_text(json.dumps(list(factors)))
    (folder / "labels.txt").write_text("letters words vowels")
    files = []
    for name in ("model.bend", "labels.txt"):
        sha256, size = hash_file(folder / name)
        files.append({"path": name, "size": size, "sha256": sha256, "sources": [f"file:{folder / name}"]})
    model = {
        "id": "tests/bent",
        "aliases": ["bent"],
        "task": "feature-extraction",
        "license": "MIT",
        "summary": "Three numbers.",
        "family": "bent",
        "variants": [{"name": "plain", "format": "bend", "files": files}],
    }
    registry = folder / "registry.json"
    registry.write_text(json.dumps({"schema": 1, "name": "tests", "models": [model], "plugins": []}))
    monkeypatch.setenv("HUB_REGISTRIES", str(registry))
    texts = folder / "texts.txt"
    texts.write_text("\n".join(TEXTS))
    return texts


def bent_host() -> Host:
    """A host that has the plugin and no other; after `bent_model`."""
    return load_host()
