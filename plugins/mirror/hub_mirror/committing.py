"""Makes a commit: checks that it stands where it should and that its contents are there, then writes it at once.

Either all of it is there afterwards, or nothing. Knows nothing of HTTP.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress

import msgspec

from hub_mirror.cards import CardFault, metadata, tags_of
from hub_mirror.catalogue.commits import (
    MAIN,
    Commit,
    add_commit,
    find_commit,
    find_ref,
    move_ref,
    next_number,
    resolve,
)
from hub_mirror.catalogue.holdings import check_quota, hold, holds
from hub_mirror.catalogue.repos import Repo
from hub_mirror.operations import Operations
from hub_mirror.refusals import Refusal, invalid
from hub_mirror.service import Service
from hub_mirror.snapshots import EMPTY, Entry, Snapshot

__all__ = ["commit", "describe", "hold_all"]

_LARGEST_CARD = 2 * 2**20
_LIBRARIES = {"adapter_config.json": "peft", "modules.json": "sentence-transformers", "model_index.json": "diffusers"}


def hold_all(connection: sqlite3.Connection, repo: Repo, operations: Operations) -> None:
    """Note what came inside a commit as the repository's; it is on the disk, and the caller holds `publishing`."""
    new = [size for sha256, size in operations.contents.items() if holds(connection, repo, sha256) is None]
    check_quota(connection, repo, new)
    for sha256, size in operations.contents.items():
        hold(connection, repo, sha256, size)


def commit(
    connection: sqlite3.Connection,
    service: Service,
    repo: Repo,
    operations: Operations,
    *,
    ref: str,
    start: str,
    author: str,
) -> Commit:
    """Commit to a ref.

    Parameters
    ----------
    ref
        Full name of the ref that moves.
    start
        Commit that it stands on, empty for none; `operations.parent` must name it where it names one.

    Raises
    ------
    Refusal
        412 where the branch has moved on, 400 where a content was never uploaded.
    """
    if operations.parent and not start.startswith(operations.parent):
        raise Refusal(412, "A commit has happened since. Please refresh and try again.")
    base = find_commit(connection, repo, start)
    before = service.snapshots.open(connection, base.tree if base else EMPTY)
    edits = _edits(connection, service, repo, operations, before)
    if base is not None and not edits:
        return base
    made = add_commit(
        connection,
        repo,
        before,
        edits,
        parents=(base.oid,) if base else (),
        title=operations.title,
        message=operations.message,
        author=author,
    )
    move_ref(connection, repo, ref, made.oid)
    if ref == MAIN:
        describe(connection, service, repo)
    return made


def describe(connection: sqlite3.Connection, service: Service, repo: Repo) -> None:
    """Note what `main` says of its repository: card, tags, task, library, config, size."""
    if not find_ref(connection, repo, MAIN):
        return
    snapshot = service.snapshots.open(connection, resolve(connection, repo, MAIN).tree)
    card = {}
    with suppress(CardFault):
        card = metadata(_text(service, snapshot.get("README.md")))
    config = _config(_text(service, snapshot.get("config.json")))
    tags, library = tags_of(card), str(card.get("library_name") or "")
    if not library:
        library = next((name for file, name in _LIBRARIES.items() if snapshot.get(file)), "")
        library = library or ("transformers" if config.get("model_type") else "")
    suffixes = {entry.path.rpartition(".")[2] for entry in snapshot.scan()}
    tags += [name for name in ("safetensors", "gguf", "onnx") if name in suffixes]
    tags += [str(name) for name in (library, config.get("model_type"), card.get("pipeline_tag")) if name]
    tags = list(dict.fromkeys(tag[:200] for tag in tags))
    connection.execute(
        "UPDATE repos SET card = ?, config = ?, tags = ?, task = ?, library = ?, size = ? WHERE id = ?",
        (
            _json(card or None),
            _json(config or None),
            _json(tags),
            str(card.get("pipeline_tag") or "")[:200],
            library[:200],
            snapshot.size,
            repo.id,
        ),
    )
    connection.execute("DELETE FROM tags WHERE repo = ?", (repo.id,))
    connection.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", [(repo.id, tag) for tag in tags])


def _edits(
    connection: sqlite3.Connection, service: Service, repo: Repo, operations: Operations, before: Snapshot
) -> dict[str, Entry | None]:
    sizes = dict(operations.contents)
    for sha256, size in operations.large.items():
        held = holds(connection, repo, sha256)
        if held is None or not service.blobs.has(sha256, held):
            raise invalid(f"The large file {sha256} was not uploaded to {repo.fullname}")
        if size is not None and size != held:
            raise invalid(f"The large file {sha256} has {held} bytes and not {size}")
        sizes[sha256] = held
    deleted: dict[str, Entry | None] = {}
    for folder in operations.folders:
        below = f"{folder}/" if folder else ""
        deleted |= {entry.path: None for entry in before.scan(below, f"{below}\U0010ffff")}
    edits = deleted | operations.entries(sizes, next_number(connection))
    for path, entry in edits.items():
        if entry is None and path in operations.files and before.get(path) is None:
            raise Refusal(404, f"'{path}' is not there to be deleted", code="EntryNotFound")
    return {path: entry for path, entry in edits.items() if entry is None or not entry.same(before.get(path))}


def _text(service: Service, entry: Entry | None) -> str:
    if entry is None or not entry.sha256 or entry.size > _LARGEST_CARD:
        return ""
    with suppress(OSError):
        return service.blobs.path(entry.sha256).read_text("utf-8", errors="replace")
    return ""


def _config(text: str) -> dict[str, object]:
    """What lists show of a `config.json`."""
    try:
        value = msgspec.json.decode(text) if text else {}
    except (msgspec.MsgspecError, RecursionError):
        return {}
    names = ("architectures", "model_type", "quantization_config")
    return {name: value[name] for name in names if name in value} if isinstance(value, dict) else {}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
