"""Copies a derived artifact into a folder of the person's, with its lineage beside it: `hub-lineage.json`.

Knows nothing of who will read it.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import StorageError, UsageError
from hub.runtime.transforms.lineage import Lineage, chain_of
from hub.runtime.transforms.scratch import copy_file
from hub.types import JSON, Artifact

if TYPE_CHECKING:
    from hub.store.store import Store

__all__ = ["LINEAGE", "check_free", "export", "lineage_json"]

LINEAGE = "hub-lineage.json"


def check_free(folder: Path) -> None:
    """A folder that is to take an artifact is not there, or is empty.

    Raises
    ------
    UsageError
        It holds something, or is a file.
    """
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if os.path.lexists(folder):
        raise UsageError(f"{folder} is there already", hint="Name a folder that is not, or an empty one")


def export(artifact: Artifact, folder: Path, store: Store) -> None:
    """Copy every file of an artifact, and write where it comes from; all or nothing.

    Raises
    ------
    UsageError
        The folder holds something.
    StorageError
        It cannot be written.
    """
    check_free(folder)
    folder = folder.absolute()
    aside = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:8]}")
    try:
        aside.mkdir(parents=True)
        for file in artifact.files:
            copy_file(artifact.path / file.path, aside / file.path)
        chain = [lineage_json(lineage) for lineage in chain_of(store, artifact.digest)]
        text = json.dumps({"digest": artifact.digest, "steps": chain}, ensure_ascii=False, indent=1)
        (aside / LINEAGE).write_text(text + "\n", encoding="utf-8")
        aside.replace(folder)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def lineage_json(lineage: Lineage) -> dict[str, JSON]:
    """A step as JSON: what it was made from, by what, and what was measured; the names are part of the interface."""
    content: dict[str, JSON] = json.loads(json.dumps(asdict(lineage)))
    content["files"] = [
        {"path": file.path, "size": file.size, "sha256": file.sha256, "part": file.part} for file in lineage.files
    ]
    return content
