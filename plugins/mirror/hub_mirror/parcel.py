"""Carries repositories from one mirror to another as one file: history, refs and contents, each verified.

The file is a plain tar. First `parcel.json` (repositories, commits, hashes of contents), then each content under its
hash, last `seal.json` with the hash of the first: a file that was cut has none. Nothing of a parcel is seen before
all of it is right. Discussions, tokens and grants stay at home.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import msgspec

from hub.errors import StorageError, UsageError, VerificationError
from hub_mirror.catalogue.accounts import ensure_org
from hub_mirror.catalogue.commits import add_commit, find_commit, list_refs, move_ref, next_number
from hub_mirror.catalogue.holdings import hold, known_oid
from hub_mirror.catalogue.repos import Repo, add_repo, find_repo
from hub_mirror.committing import describe
from hub_mirror.names import KINDS, check_path, is_oid, is_sha256
from hub_mirror.refusals import Refusal
from hub_mirror.service import Service
from hub_mirror.snapshots import EMPTY, Entry

__all__ = ["export", "take_in"]

_VERSION = 1
_PIECE = 2**22
_LARGEST_LIST = 2**30


class _File(msgspec.Struct, array_like=True):
    path: str
    size: int
    sha256: str
    oid: str
    lfs: bool


class _Commit(msgspec.Struct):
    oid: str
    parents: list[str]
    title: str
    message: str
    author: str
    date: str
    changed: list[_File]
    removed: list[str]


class _Repo(msgspec.Struct):
    kind: str
    name: str
    private: bool
    gated: str
    sdk: str
    upstream: str
    refs: dict[str, str]
    commits: list[_Commit]


class _Parcel(msgspec.Struct):
    version: int
    repos: list[_Repo]
    contents: dict[str, int]


def export(service: Service, names: Iterable[tuple[str, str]], path: Path) -> tuple[int, int]:
    """Write repositories (kind and id) into a file; the number and size of its contents.

    Raises
    ------
    UsageError
        There is no such repository, or a file of it is not here.
    StorageError
        The file cannot be written.
    """
    with service.database.reading() as connection:
        parcel = _Parcel(_VERSION, [], {})
        for kind, name in names:
            repo = find_repo(connection, kind, name)
            if repo is None:
                raise UsageError(f"there is no {kind} '{name}'", hint="See its page, or: hf models ls")
            parcel.repos.append(_packed(service, repo, parcel.contents))
    content = msgspec.json.encode(parcel)
    seal = msgspec.json.encode({"parcel": hashlib.sha256(content).hexdigest()})
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                _add(tar, "parcel.json", io.BytesIO(content), len(content))
                for sha256, size in sorted(parcel.contents.items()):
                    with service.blobs.path(sha256).open("rb") as blob:
                        _add(tar, f"contents/{sha256}", blob, size)
                _add(tar, "seal.json", io.BytesIO(seal), len(seal))
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
    return len(parcel.contents), sum(parcel.contents.values())


def take_in(service: Service, path: Path) -> list[str]:
    """Take the repositories of a file in; their ids.

    Raises
    ------
    VerificationError
        The file is cut, or not what it says; nothing of it is kept.
    UsageError
        A repository of it is here with another history.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            tar = stack.enter_context(tarfile.open(fileobj=file, mode="r|"))
            return _unpack(service, tar, path, stack)
        except (tarfile.TarError, EOFError) as error:
            raise VerificationError(f"{path} is no parcel, or was cut: {error}") from error
        except Refusal as error:
            raise VerificationError(f"{path} holds what this hub does not take: {error.message}") from error
        except OSError as error:
            raise StorageError(f"{path} cannot be taken in: {error.strerror or error}") from error


def _packed(service: Service, repo: Repo, contents: dict[str, int]) -> _Repo:
    connection = service.database.connection
    trees: dict[str, str] = {}
    commits: list[_Commit] = []
    rows = connection.execute("SELECT * FROM commits WHERE repo = ? ORDER BY seq", (repo.id,)).fetchall()
    for row in rows:
        parents = row["parents"].split()
        before = service.snapshots.open(connection, trees.get(parents[0], EMPTY) if parents else EMPTY)
        changed, removed = [], []
        for change in before.differences(service.snapshots.open(connection, row["tree"])):
            if change.new is None:
                removed.append(change.path)
                continue
            new = change.new
            sha256 = new.sha256 or known_oid(connection, repo, new.oid)
            if not sha256 or not service.blobs.has(sha256, new.size):
                raise UsageError(
                    f"'{new.path}' of {repo.fullname} is not here yet",
                    hint=f"Fetch it: hub mirror pull {repo.fullname}",
                )
            contents[sha256] = new.size
            changed.append(_File(new.path, new.size, sha256, new.oid, new.lfs))
        trees[row["oid"]] = row["tree"]
        commits.append(
            _Commit(row["oid"], parents, row["title"], row["message"], row["author"], row["date"], changed, removed)
        )
    refs = {name: oid for name, oid in list_refs(connection, repo) if not name.startswith("refs/pr/")}
    return _Repo(repo.kind, repo.fullname, repo.private, repo.gated, repo.sdk, repo.upstream, refs, commits)


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    tar.addfile(info, content)


def _unpack(service: Service, tar: tarfile.TarFile, path: Path, stack: ExitStack) -> list[str]:
    content = _read(tar, tar.next(), "parcel.json", path)
    try:
        parcel = msgspec.json.decode(content, type=_Parcel)
    except msgspec.MsgspecError as error:
        raise VerificationError(f"{path} is no parcel: {error}") from error
    if parcel.version != _VERSION:
        raise UsageError(f"{path} is a parcel of version {parcel.version}", hint="Update openmodelhub-mirror")
    _check(parcel, path)
    incoming = []
    for sha256, size in sorted(parcel.contents.items()):
        member = tar.next()
        if member is None or member.name != f"contents/{sha256}" or not member.isreg() or member.size != size:
            raise VerificationError(f"{path} was cut, or its contents are not those of its list")
        one = stack.enter_context(service.blobs.incoming(limit=size))
        source = tar.extractfile(member)
        assert source is not None
        while piece := source.read(_PIECE):
            one.write(piece)
        if one.sha256 != sha256 or one.size != size:
            raise VerificationError(f"{path} is damaged: content {sha256} has another hash")
        one.rest()
        incoming.append(one)
    seal = _read(tar, tar.next(), "seal.json", path)
    if seal != msgspec.json.encode({"parcel": hashlib.sha256(content).hexdigest()}):
        raise VerificationError(f"{path} is damaged: its seal is another")
    with service.blobs.publishing():
        service.blobs.keep(incoming)
        with service.database.writing():
            for repo in parcel.repos:
                _take(service, repo)
    return [repo.name for repo in parcel.repos]


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo | None, name: str, path: Path) -> bytes:
    if member is None or member.name != name or not member.isreg() or member.size > _LARGEST_LIST:
        raise VerificationError(f"{path} is no parcel, or was cut: it lacks '{name}'")
    source = tar.extractfile(member)
    assert source is not None
    return source.read()


def _check(parcel: _Parcel, path: Path) -> None:
    for repo in parcel.repos:
        odd = repo.kind not in KINDS or repo.gated not in {"", "auto", "manual"} or repo.name.count("/") != 1
        for commit in repo.commits:
            odd = odd or not is_oid(commit.oid) or not all(map(is_oid, commit.parents))
            for file in commit.changed:
                check_path(file.path)
                odd = odd or not is_oid(file.oid) or parcel.contents.get(file.sha256) != file.size
        oids = {commit.oid for commit in repo.commits}
        odd = odd or not all(name.startswith("refs/") and oid in oids for name, oid in repo.refs.items())
        if odd:
            raise VerificationError(f"{path} describes '{repo.name[:100]}' in a way that cannot be")
    if not all(map(is_sha256, parcel.contents)):
        raise VerificationError(f"{path} names contents by something else than their hash")


def _take(service: Service, packed: _Repo) -> None:
    database = service.database.connection
    repo = find_repo(database, packed.kind, packed.name)
    if repo is None:
        namespace, _, name = packed.name.partition("/")
        repo = add_repo(
            database,
            packed.kind,
            ensure_org(database, namespace),
            name,
            private=packed.private,
            sdk=packed.sdk,
            upstream=packed.upstream,
        )
        database.execute("UPDATE repos SET gated = ? WHERE id = ?", (packed.gated, repo.id))
    known = {commit.oid for commit in packed.commits}
    for name, oid in list_refs(database, repo):
        if name in packed.refs and oid not in known:
            raise UsageError(
                f"{repo.fullname} has commits here that the parcel has not: {name} is {oid[:12]}",
                hint="Delete or move the repository that is here first",
            )
    for commit in packed.commits:
        _take_commit(service, repo, commit)
    for name, oid in packed.refs.items():
        move_ref(database, repo, name, oid)
    describe(database, service, repo)


def _take_commit(service: Service, repo: Repo, packed: _Commit) -> None:
    database = service.database.connection
    for file in packed.changed:
        hold(database, repo, file.sha256, file.size, "" if file.lfs else file.oid)
    if find_commit(database, repo, packed.oid) is not None:
        return
    parent = find_commit(database, repo, packed.parents[0]) if packed.parents else None
    seq = next_number(database)
    edits: dict[str, Entry | None] = dict.fromkeys(packed.removed)
    for file in packed.changed:
        edits[file.path] = Entry(file.path, file.size, file.sha256, file.oid, file.lfs, seq)
    add_commit(
        database,
        repo,
        service.snapshots.open(database, parent.tree if parent else EMPTY),
        edits,
        parents=tuple(packed.parents),
        title=packed.title,
        message=packed.message,
        author=packed.author,
        oid=packed.oid,
        date=packed.date,
    )
