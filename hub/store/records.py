"""Records of what the person pulled: one small file for each model and variant. What no record names is garbage.

Knows nothing of registries: it keeps what it is told.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.errors import StorageError
from hub.store.blobs import Blobs, write_json
from hub.store.layout import Layout, storage_errors
from hub.types import Artifact

__all__ = ["Record", "RecordFile", "Records", "Told", "make_record"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordFile:
    """A file of a record, and the source that served it (empty where that is not known)."""

    path: str
    size: int
    sha256: str
    part: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What was pulled. `pulled` is an ISO 8601 time in UTC; `revision` the commit that a repository was pinned to."""

    model: str
    variant: str
    reference: str
    format: str
    digest: str
    size: int
    pulled: str
    files: tuple[RecordFile, ...]
    revision: str = ""

    @property
    def name(self) -> str:
        """`MODEL:VARIANT`, or the model where it has no variant."""
        return f"{self.model}:{self.variant}" if self.variant else self.model


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the caller says of a pull."""

    model: str
    variant: str
    format: str
    reference: str
    revision: str


class Records:
    """The records of one store."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def all(self) -> list[Record]:
        """Every record, sorted by name.

        Raises
        ------
        StorageError
            One cannot be read; its weights would be taken for garbage, so nothing goes on without it.
        """
        paths = sorted(self._layout.records.glob("*.json")) if self._layout.records.is_dir() else []
        return sorted((_read(path) for path in paths), key=lambda record: (record.model, record.variant))

    def get(self, model: str, variant: str) -> Record | None:
        """Record of a model's variant."""
        path = self._path(model, variant)
        return _read(path) if path.exists() else None

    def put(self, record: Record) -> None:
        """Keep a record, in place of an earlier one of the same model and variant."""
        path = self._path(record.model, record.variant)
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, asdict(record))

    def remove(self, record: Record) -> None:
        """Forget a record."""
        path = self._path(record.model, record.variant)
        with storage_errors(path):
            path.unlink(missing_ok=True)

    def _path(self, model: str, variant: str) -> Path:
        slug = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{model}-{variant}").strip("-.")[:80]
        key = hashlib.sha256(f"{model}\n{variant}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return self._layout.records / f"{slug}-{key}.json"


def make_record(artifact: Artifact, blobs: Blobs, told: Told) -> Record:
    """Record of an artifact that is here, as of now."""
    files: list[RecordFile] = []
    for file in artifact.files:
        assert file.sha256 is not None
        assert file.size is not None
        seal = blobs.seal(file.sha256)
        source = seal.source if seal else ""
        files.append(RecordFile(path=file.path, size=file.size, sha256=file.sha256, part=file.part, source=source))
    return Record(
        model=told.model,
        variant=told.variant,
        reference=told.reference,
        format=told.format,
        digest=artifact.digest,
        size=sum(file.size for file in files),
        pulled=datetime.now(UTC).isoformat(timespec="seconds"),
        files=tuple(files),
        revision=told.revision,
    )


def _read(path: Path) -> Record:
    """Read a record; fields that a newer version wrote are left out."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(RecordFile(**_known(RecordFile, file)) for file in content["files"])
        return Record(**{**_known(Record, content), "files": files})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"the record {path} cannot be read: {error}", hint=f"Remove it: rm '{path}'") from error


def _known(kind: type[Record] | type[RecordFile], content: dict[str, Any]) -> dict[str, Any]:  # Any: JSON as read
    return {name: content[name] for name in kind.__dataclass_fields__ if name in content}
