"""Repositories and files in the shape in which the Hub's API shows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from hub_mirror.blobs import pointer
from hub_mirror.catalogue.commits import Commit, by_number
from hub_mirror.catalogue.repos import Repo
from hub_mirror.snapshots import Entry, Snapshot

__all__ = ["entry_view", "etag", "folder_view", "last_commits", "repo_view", "siblings"]


def etag(entry: Entry) -> str:
    """What clients name a file by in their cache: sha256 of large files, git object id of the others."""
    return entry.sha256 if entry.lfs else entry.oid


def entry_view(entry: Entry, last: Commit | None = None) -> dict[str, object]:
    """A file of a tree."""
    view: dict[str, object] = {"type": "file", "oid": entry.oid, "size": entry.size, "path": entry.path}
    if entry.lfs:
        view["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": len(pointer(entry.sha256, entry.size))}
    if last is not None:
        view["lastCommit"] = _last(last)
        view["securityFileStatus"] = {"status": "unscanned", "avScan": None, "pickleImportScan": None}
    return view


def folder_view(snapshot: Snapshot, path: str, last: Commit | None = None) -> dict[str, object]:
    """A folder of a tree."""
    view: dict[str, object] = {"type": "directory", "oid": snapshot.folder_oid(path), "size": 0, "path": path}
    if last is not None:
        view["lastCommit"] = _last(last)
    return view


def last_commits(connection: sqlite3.Connection, entries: Iterable[Entry]) -> dict[int, Commit]:
    """Commits that changed some entries last, by their number."""
    return dict(by_number(connection, {entry.seq for entry in entries}))


def siblings(snapshot: Snapshot, *, blobs: bool) -> list[dict[str, object]]:
    """All files of a snapshot, with sizes and ids where `blobs` is set."""
    found: list[dict[str, object]] = []
    for entry in snapshot.scan():
        view: dict[str, object] = {"rfilename": entry.path}
        if blobs:
            view |= {"size": entry.size, "blobId": entry.oid}
            if entry.lfs:
                size = len(pointer(entry.sha256, entry.size))
                view["lfs"] = {"sha256": entry.sha256, "size": entry.size, "pointerSize": size}
        found.append(view)
    return found


def repo_view(
    repo: Repo, *, sha: str = "", modified: str = "", card: bool = True, config: bool = True
) -> dict[str, object]:
    """What is known of a repository without its files."""
    view: dict[str, object] = {
        "_id": f"{repo.id:024x}",
        "id": repo.fullname,
        "author": repo.author,
        "sha": sha or repo.head,
        "lastModified": modified or repo.modified,
        "createdAt": repo.created,
        "private": repo.private,
        "gated": repo.gated or False,
        "disabled": False,
        "downloads": repo.downloads,
        "likes": 0,
        "usedStorage": repo.size,
        "tags": msgspec.json.decode(repo.tags),
    }
    if repo.kind == "model":
        view["modelId"] = repo.fullname
        view |= {"pipeline_tag": repo.task} if repo.task else {}
        view |= {"library_name": repo.library} if repo.library else {}
    if repo.kind == "space":
        view["sdk"] = repo.sdk
    if card:
        view["cardData"] = msgspec.json.decode(repo.card)
    if config and repo.kind == "model":
        view["config"] = msgspec.json.decode(repo.config)
    return view


def _last(commit: Commit) -> dict[str, object]:
    return {"id": commit.oid, "title": commit.title, "date": commit.date}
