"""What tests of the store share: files, a registry that lists them, quick sources, and progress that is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hub.runtime.references.sources import find_source
from hub.sources import Source, SourceContext
from hub.store.sources.https import HttpSource
from hub.types import WeightFile

__all__ = ["Heard", "Impatient", "inodes", "listed", "noise", "quick", "registry", "tree", "weight"]


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that do not repeat."""
    return Random(seed).randbytes(size)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def weight(path: str, content: bytes, *sources: str, part: str = "") -> WeightFile:
    """File that must hold this content."""
    return WeightFile(path=path, size=len(content), sha256=sha256(content), sources=sources, part=part)


class Impatient(HttpSource):
    """The real source with limits that a test can wait for."""

    read_timeout = 0.5
    slow_window = 0.3
    backoff = 0.01


def quick(scheme: str) -> Callable[[SourceContext], Source]:
    """The core's sources; web servers are not waited for."""
    return Impatient if scheme == "http" else find_source(scheme)


@dataclass
class Heard:
    """Progress that keeps what it is told; `bytes` is what each file's bar would show."""

    bytes: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def begin(self, name: str, total: int | None, done: int = 0) -> None:
        self.bytes[name] = done

    def advance(self, name: str, count: int) -> None:
        self.bytes[name] += count

    def end(self, name: str) -> None:
        self.ended.append(name)

    def say(self, text: str) -> None:
        self.said.append(text)


def listed(name: str, variants: dict[str, Sequence[WeightFile]]) -> dict[str, object]:
    """Entry of a registry."""
    return {
        "id": f"tests/{name}",
        "aliases": [name],
        "task": "text-generation",
        "license": "Apache-2.0",
        "summary": "A model for tests.",
        "variants": [
            {"name": variant, "format": "gguf", "files": [_file(file) for file in files]}
            for variant, files in variants.items()
        ],
    }


def _file(file: WeightFile) -> dict[str, object]:
    return {"path": file.path, "size": file.size, "sha256": file.sha256, "sources": list(file.sources)}


def registry(folder: Path, *models: dict[str, object]) -> dict[str, str]:
    """Write a registry; gives the environment of a process that uses it."""
    path = folder / "registry.json"
    path.write_text(json.dumps({"schema": 1, "name": "tests", "models": models, "plugins": []}), encoding="utf-8")
    return {"HUB_REGISTRIES": str(path), "NO_PROXY": "127.0.0.1"}


def tree(folder: Path) -> set[str]:
    """Relative paths of all files and links below a folder, lock files left out."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() and path.suffix != ".lock"}


def inodes(folder: Path) -> set[int]:
    """Inodes of all files below a folder."""
    return {path.stat().st_ino for path in folder.rglob("*") if path.is_file()}
