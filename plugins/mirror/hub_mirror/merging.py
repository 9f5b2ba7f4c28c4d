"""What a pull request changes, whether that can be merged, and the merge.

Three snapshots decide: where it left its base, the base now, and the pull request. Knows nothing of discussions.
"""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from hub_mirror.blobs import pointer
from hub_mirror.catalogue.commits import Commit, add_commit, find_commit, merge_base, move_ref, next_number
from hub_mirror.catalogue.repos import Repo
from hub_mirror.refusals import Refusal
from hub_mirror.service import Service
from hub_mirror.snapshots import EMPTY, Change, Entry

__all__ = ["Comparison", "compare", "diff_text", "merge"]

_LARGEST = 2**20
_LONGEST = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a pull request changes since it left its base, and the paths that the base changed otherwise."""

    changes: tuple[Change, ...]
    conflicts: tuple[str, ...]


def compare(connection: sqlite3.Connection, service: Service, repo: Repo, base: str, head: str) -> Comparison:
    """Compare the head of a pull request with the commit that it would be merged into."""
    fork = merge_base(connection, repo, base, head)
    before = service.snapshots.open(connection, fork.tree if fork else EMPTY)
    theirs = service.snapshots.open(connection, _tree(connection, repo, head))
    ours = service.snapshots.open(connection, _tree(connection, repo, base))
    changes = tuple(before.differences(theirs))
    moved = {change.path: change.new for change in before.differences(ours)}
    conflicts = [
        change.path for change in changes if change.path in moved and not _agree(change.new, moved[change.path])
    ]
    return Comparison(changes, tuple(conflicts))


def merge(
    connection: sqlite3.Connection,
    service: Service,
    repo: Repo,
    *,
    ref: str,
    base: str,
    head: str,
    title: str,
    message: str,
    author: str,
) -> Commit:
    """Merge a pull request into a ref.

    Raises
    ------
    Refusal
        409 where both changed a file in different ways.
    """
    found = compare(connection, service, repo, base, head)
    if found.conflicts:
        raise Refusal(409, f"It cannot be merged: both sides changed {', '.join(found.conflicts[:5])}")
    seq = next_number(connection)
    edits: dict[str, Entry | None] = {
        change.path: None if change.new is None else Entry(*_fields(change.new)[:5], seq) for change in found.changes
    }
    made = add_commit(
        connection,
        repo,
        service.snapshots.open(connection, _tree(connection, repo, base)),
        edits,
        parents=(base, head),
        title=title,
        message=message,
        author=author,
    )
    move_ref(connection, repo, ref, made.oid)
    return made


def diff_text(service: Service, changes: tuple[Change, ...]) -> str:
    """Changes as git shows them; large and binary files by their pointer or a word."""
    parts: list[str] = []
    length = 0
    for change in changes:
        part = "".join(_one_diff(service, change))
        length += len(part)
        if length > _LONGEST:
            parts.append("... the rest is left out\n")
            break
        parts.append(part)
    return "".join(parts)


def _one_diff(service: Service, change: Change) -> Iterator[str]:
    path = change.path
    yield f"diff --git a/{path} b/{path}\n"
    if change.old is None:
        yield "new file mode 100644\n"
    if change.new is None:
        yield "deleted file mode 100644\n"
    old_oid = change.old.oid if change.old else "0" * 40
    new_oid = change.new.oid if change.new else "0" * 40
    yield f"index {old_oid[:10]}..{new_oid[:10]}\n"
    old, new = _text(service, change.old), _text(service, change.new)
    if old is None or new is None:
        yield f"Binary files a/{path} and b/{path} differ\n"
        return
    lines = difflib.unified_diff(
        old.splitlines(keepends=True),
        new.splitlines(keepends=True),
        f"a/{path}" if change.old else "/dev/null",
        f"b/{path}" if change.new else "/dev/null",
    )
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _text(service: Service, entry: Entry | None) -> str | None:
    if entry is None:
        return ""
    if entry.lfs:
        return pointer(entry.sha256, entry.size).decode()
    if entry.size > _LARGEST or not entry.sha256:
        return None
    try:
        return service.blobs.path(entry.sha256).read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None


def _tree(connection: sqlite3.Connection, repo: Repo, oid: str) -> str:
    found = find_commit(connection, repo, oid)
    return found.tree if found else EMPTY


def _agree(one: Entry | None, other: Entry | None) -> bool:
    return one is other if one is None or other is None else one.same(other)


def _fields(entry: Entry) -> tuple[str, int, str, str, bool, int]:
    return entry.path, entry.size, entry.sha256, entry.oid, entry.lfs, entry.seq
