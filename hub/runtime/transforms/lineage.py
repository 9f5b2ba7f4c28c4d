"""Where a derived artifact comes from: one small file for each step that was done, found again by the step's key.

The key is the parent's digest, the transform, its revision, every option, what the files hold that options name, and
the digest of what the recipe began with where the step uses it; the digest is the content. Versions of plugins are
recorded and not keyed, so that a patch release redoes nothing. Knows nothing of how a step is run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hub.runtime.planning.recipe import Step
from hub.store.blobs import write_json
from hub.store.layout import storage_errors
from hub.store.store import Store
from hub.types import JSON, Facts, WeightFile

__all__ = [
    "Lineage",
    "all_lineages",
    "chain_of",
    "data_in_use",
    "forget_lineage",
    "key_of_step",
    "read_lineage",
    "write_lineage",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """One step that was done.

    Parameters
    ----------
    key
        What finds it again; see `key_of_step`.
    digest, parent
        Of the artifact that came out, and of the one that went in.
    recipe
        All steps from the variant to here, as text.
    content
        What the files held that options name, or the task's own data: `sha256:…` by option.
    check
        How the output was compared with the input: `tolerance`, `difference` and `samples`, or why it was not.
    figures
        What was measured of it, by backend: size, speed and fidelity against the origin.
    made
        ISO 8601 time in UTC.
    """

    key: str
    digest: str
    parent: str
    model: str
    variant: str
    recipe: str
    transform: str
    revision: int
    options: Mapping[str, JSON]
    lossy: bool
    plugin: str
    version: str
    hub: str
    made: str
    format: str
    family: str
    files: tuple[WeightFile, ...]
    config: Mapping[str, JSON] = field(default_factory=dict)
    content: Mapping[str, JSON] = field(default_factory=dict)
    check: Mapping[str, JSON] = field(default_factory=dict)
    figures: Mapping[str, JSON] = field(default_factory=dict)


def key_of_step(parent: str, step: Step, origin: str) -> str:
    """Key of a step on the artifact `parent`: 64 hex digits.

    Parameters
    ----------
    origin
        Digest of what the recipe began with; it counts where the step uses it.
    """
    parts = [parent, step.transform, step.revision, {**plain_options(step), **step.content}]
    text = json.dumps([*parts, origin] if step.origin else parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain_options(step: Step) -> dict[str, JSON]:
    """Options of a step as JSON."""
    return {
        name: str(value) if isinstance(value, Path) else _json(value) for name, value in sorted(step.options.items())
    }


def read_lineage(store: Store, key: str) -> Lineage | None:
    """What is recorded of a step; `None` where it was not done, or the record cannot be read: then it is done again."""
    try:
        content = json.loads(_path(store, key).read_text(encoding="utf-8"))
        names = set(Lineage.__dataclass_fields__)
        known = {name: value for name, value in content.items() if name in names}
        files = tuple(_file(each) for each in content["files"])
        lineage = Lineage(**{**known, "files": files})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return lineage if lineage.key == key else None


def write_lineage(store: Store, lineage: Lineage) -> None:
    """Keep the record of a step, after its artifact: a step that is recorded is done."""
    path = _path(store, lineage.key)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, asdict(lineage))


def forget_lineage(store: Store, lineage: Lineage) -> None:
    """Remove the record of a step: it is not done any more."""
    path = _path(store, lineage.key)
    with storage_errors(path):
        path.unlink(missing_ok=True)


def all_lineages(store: Store) -> list[Lineage]:
    """Every step that is recorded, the oldest first."""
    folder = store.layout.root / "derived"
    keys = sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []
    found = [lineage for key in keys if (lineage := read_lineage(store, key)) is not None]
    return sorted(found, key=lambda lineage: lineage.made)


def chain_of(store: Store, digest: str) -> list[Lineage]:
    """The steps that led to an artifact, the first one first; empty for one that no step made.

    Where several steps gave the same bytes, the last that was done counts.
    """
    by_digest = {lineage.digest: lineage for lineage in all_lineages(store) if lineage.digest != lineage.parent}
    chain: list[Lineage] = []
    while (lineage := by_digest.pop(digest, None)) is not None:
        chain.append(lineage)
        digest = lineage.parent
    return chain[::-1]


def data_in_use(store: Store) -> set[str]:
    """Hashes of the files of public data sets that something in the store was made with, as its lineage says."""
    chains = (chain_of(store, record.digest) for record in store.records())
    values = (value for chain in chains for lineage in chain for value in lineage.content.values())
    return {sha256 for value in values if isinstance(value, list) for sha256 in value if isinstance(sha256, str)}


def facts_after(lineage: Lineage, before: Facts, parts: Mapping[str, tuple[str, ...]]) -> Facts:
    """Facts of what a step made."""
    return Facts(
        task=before.task,
        family=lineage.family,
        format=lineage.format,
        files=lineage.files,
        parts=parts,
        size=sum(file.size or 0 for file in lineage.files),
        config=lineage.config,
        architectures=before.architectures,
    )


def _path(store: Store, key: str) -> Path:
    return store.layout.root / "derived" / f"{key}.json"


def _file(content: Mapping[str, Any]) -> WeightFile:  # Any: JSON as read
    return WeightFile(
        path=str(content["path"]),
        size=int(content["size"]),
        sha256=str(content["sha256"]),
        sources=tuple(map(str, content["sources"])),
        part=str(content["part"]),
    )


def _json(value: object) -> JSON:
    return json.loads(json.dumps(value))  # type: ignore[no-any-return]
