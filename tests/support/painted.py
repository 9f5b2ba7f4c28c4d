"""Models over the plugin of `tests/support/painting`, whose kind needs no library: what any kind of a plugin may do.

The plugin is found in other processes too, as an installed one is.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from hub.plugin.hooks import GROUP
from hub.store.blobs import hash_file

PAINTING = Path(__file__).parent / "painting"
TASKS = ("grid-classification", "grid-to-text", "text-to-grid", "grid-activity", "file-size")


def painted_models(folder: Path, monkeypatch: pytest.MonkeyPatch, *, installed: bool = True) -> None:
    """List a model for each task, named by it, and `old-ink`, a pickle, in a registry of this process and its children.

    Parameters
    ----------
    installed
        Whether the plugin can be found; the registry lists its package either way.
    """
    names = {entry.name for entry in entry_points(group=GROUP)} - {"painting"}
    monkeypatch.setenv("HUB_DISABLE_PLUGINS", ",".join(sorted(names)))
    if installed:
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PAINTING), os.environ.get("PYTHONPATH", "")]))
        monkeypatch.syspath_prepend(str(PAINTING))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.ink").write_text("1.0")
    (folder / "model.pth").write_bytes(pickle.dumps({"factor": 0.5}))
    models = [_model(task, task, "ink", folder / "model.ink") for task in TASKS]
    models.append(_model("old-ink", TASKS[0], "pickle", folder / "model.pth"))
    plugin = {
        "package": "openmodelhub-painting",
        "summary": "Grids.",
        "gives": {"kinds": ["grid"], "backends": ["inker"], "models": list(TASKS), "tasks": list(TASKS)},
        "formats": ["ink"],
    }
    registry = folder / "registry.json"
    registry.write_text(json.dumps({"schema": 1, "name": "tests", "models": models, "plugins": [plugin]}))
    monkeypatch.setenv("HUB_REGISTRIES", str(registry))


def grid(rows: Sequence[Sequence[int]]) -> bytes:
    """A grid as its file holds it."""
    return b"%d %d\n" % (len(rows[0]), len(rows)) + b"".join(map(bytes, rows))


def _model(name: str, task: str, form: str, path: Path) -> dict[str, object]:
    sha256, size = hash_file(path)
    file = {"path": path.name, "size": size, "sha256": sha256, "sources": [f"file:{path}"]}
    return {
        "id": f"tests/{name}",
        "aliases": [name],
        "task": task,
        "license": "MIT",
        "summary": "One number.",
        "family": "ink",
        "variants": [{"name": "plain", "format": form, "files": [file]}],
    }
