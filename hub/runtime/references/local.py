"""Weights that lie in a folder or file of this machine, as the same kind of listing that a repository gives.

Nothing is hashed: what the person points at is taken as it is. Knows nothing of formats beyond the head of a GGUF file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from hub.errors import BadReference, StorageError
from hub.runtime.references.gguf import read_gguf_config
from hub.types import JSON, WeightFile

__all__ = ["exists", "list_files", "locate", "read_config"]

_MOST_FILES = 5000


def exists(text: str) -> bool:
    """Whether a reference is the name of a file or folder; no system refuses the question."""
    try:
        return Path(text).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # too long, no such user, a NUL
        return False


def locate(text: str) -> Path:
    """Absolute path that a reference names.

    Raises
    ------
    BadReference
        There is nothing there.
    """
    if not exists(text):
        raise BadReference(f"there is no file or folder '{text}'", hint="See: hub search")
    return Path(text).expanduser().absolute()


def list_files(path: Path) -> tuple[WeightFile, ...]:
    """Files of a folder, and of those in it, with their paths; for a file, those that lie in the same folder.

    Raises
    ------
    StorageError
        The folder cannot be read, or holds too many files to be a model.
    """
    root = path if path.is_dir() else path.parent
    found: list[WeightFile] = []
    try:
        for file in _walk(root) if path.is_dir() else _top(root):
            if len(found) == _MOST_FILES and path.is_dir():
                raise StorageError(f"{root} holds more than {_MOST_FILES} files: it is not the folder of a model")
            relative = file.relative_to(root).as_posix()
            size = file.stat().st_size
            found.append(WeightFile(path=relative, size=size, sha256=None, sources=(f"file:{file.as_posix()}",)))
    except OSError as error:
        raise StorageError(f"{root} cannot be read: {error.strerror or error}") from error
    return tuple(sorted(found, key=lambda file: file.path))


def read_config(root: Path, files: tuple[str, ...]) -> dict[str, JSON]:
    """The parsed `config.json` of a folder; where there is none, what the head of its first GGUF file says.

    Raises
    ------
    StorageError, VerificationError
        The file cannot be read, or is damaged.
    """
    if "config.json" in files:
        try:
            value = json.loads((root / "config.json").read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise StorageError(f"{root / 'config.json'} cannot be read: {error}") from error
        return value if isinstance(value, dict) else {}
    weights = [name for name in files if name.endswith(".gguf")]
    return read_gguf_config(root / weights[0]) if weights else {}


def _top(root: Path) -> Iterator[Path]:
    return (file for file in sorted(root.iterdir()) if file.is_file())


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file():
                yield file
