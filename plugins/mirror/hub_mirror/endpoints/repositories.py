"""Repositories as a whole: made, deleted, moved, set up; whether somebody may see or change one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub_mirror.blobs import git_oid
from hub_mirror.call import Call, answer
from hub_mirror.catalogue.commits import MAIN, add_commit, move_ref, next_number
from hub_mirror.catalogue.holdings import hold
from hub_mirror.catalogue.repos import (
    Repo,
    add_repo,
    delete_repo,
    find_repo,
    get_repo,
    may_administer,
    may_read,
    may_write,
    move_repo,
    namespace_for,
    require,
)
from hub_mirror.gate import check_gate
from hub_mirror.names import KINDS
from hub_mirror.refusals import Refusal, conflict, invalid
from hub_mirror.routing import route
from hub_mirror.snapshots import EMPTY, Entry

__all__: list[str] = []

_LARGE = (
    "7z arrow bin bz2 ckpt ftz gguf gz h5 joblib mlmodel model msgpack npy npz onnx ot parquet pb pickle pkl pt pth "
    "rar safetensors tar tgz tflite wasm xz zip zst"
)
ATTRIBUTES = "".join(f"*.{name} filter=lfs diff=lfs merge=lfs -text\n" for name in _LARGE.split()).encode()
"""What a new repository holds: which files git would keep as pointers."""


@route("/api/repos/create", "POST")
async def create(call: Call) -> Response:
    """Make a repository with its first commit."""
    body = await call.json()
    kind, name, organization = _kind(body), _text(body, "name"), _text(body, "organization", optional=True)
    if "/" in name:
        organization, _, name = name.partition("/")
    private = body.get("private") is True or body.get("visibility") == "private"

    def work(connection: sqlite3.Connection, attributes: str) -> Repo:
        owner = namespace_for(connection, call.caller, organization)
        fullname = f"{owner.name}/{name}"
        existing = find_repo(connection, kind, fullname)
        if existing is not None and existing.fullname.lower() == fullname.lower():
            if not may_read(call.caller, existing):
                raise conflict(f"You already created this {kind} repo")
            raise conflict(f"You already created this {kind} repo", url=call.page_of(existing), id=existing.fullname)
        sdk = body.get("sdk") if isinstance(body.get("sdk"), str) else ""
        repo = add_repo(connection, kind, owner, name, creator=call.caller.id, private=private, sdk=str(sdk or ""))
        hold(connection, repo, attributes, len(ATTRIBUTES))
        entry = Entry(".gitattributes", len(ATTRIBUTES), attributes, git_oid(ATTRIBUTES), False, 0)
        _first_commit(call, connection, repo, entry)
        return repo

    def run() -> Repo:
        with call.service.blobs.publishing():
            attributes = _attributes(call)
            with call.service.database.writing() as connection:
                return work(connection, attributes)

    repo = await run_in_threadpool(run)
    return answer({"url": call.page_of(repo), "name": repo.fullname, "id": repo.fullname})


@route("/api/repos/delete", "DELETE")
async def delete(call: Call) -> Response:
    """Delete a repository."""
    body = await call.json()
    kind, name, organization = _kind(body), _text(body, "name"), _text(body, "organization", optional=True)

    def work(connection: sqlite3.Connection) -> None:
        repo = get_repo(connection, kind, f"{organization or call.caller.name}/{name}", call.caller)
        require(may_administer(call.caller, repo), call.caller, repo)
        delete_repo(connection, repo)

    await call.write(work)
    return answer({})


@route("/api/repos/move", "POST")
async def move(call: Call) -> Response:
    """Give a repository another name or owner."""
    body = await call.json()
    kind, source, target = _kind(body), _text(body, "fromRepo"), _text(body, "toRepo")
    namespace, _, name = target.partition("/")
    if not namespace or not name:
        raise invalid(f"'{target}' is no id of a repository")

    def work(connection: sqlite3.Connection) -> None:
        repo = get_repo(connection, kind, source, call.caller)
        require(may_administer(call.caller, repo), call.caller, repo)
        move_repo(connection, repo, namespace_for(connection, call.caller, namespace), name)

    await call.write(work)
    return answer({})


@route("/api/{kinds}/{owner}/{name}/settings", "PUT")
async def settings(call: Call) -> Response:
    """Set who may see it, and whether its files must be asked for."""
    body = await call.json()
    visibility, gated = body.get("visibility"), body.get("gated")
    private = body["private"] if isinstance(body.get("private"), bool) else None
    if visibility is not None:
        if visibility not in {"public", "private"}:
            raise invalid("visibility is 'public' or 'private' here")
        private = visibility == "private"
    if gated not in {None, False, "auto", "manual"}:
        raise invalid("gated is false, 'auto' or 'manual'")

    def work(connection: sqlite3.Connection) -> Repo:
        repo = call.repo(connection)
        require(may_administer(call.caller, repo), call.caller, repo)
        if private is not None:
            connection.execute("UPDATE repos SET private = ? WHERE id = ?", (private, repo.id))
        if gated is not None:
            connection.execute("UPDATE repos SET gated = ? WHERE id = ?", (gated or "", repo.id))
        return call.repo(connection)

    repo = await call.write(work)
    return answer({"private": repo.private, "gated": repo.gated or False})


@route("/api/{kinds}/{owner}/{name}/auth-check")
async def may_see(call: Call) -> Response:
    """Whether the caller may have its files."""

    def work(connection: sqlite3.Connection) -> None:
        check_gate(connection, call.repo(connection), call.caller)

    await call.read(work)
    return answer({})


@route("/api/{kinds}/{owner}/{name}/auth-check/write")
async def may_change(call: Call) -> Response:
    """Whether the caller may change it."""

    def work(connection: sqlite3.Connection) -> None:
        repo = call.repo(connection)
        require(may_write(call.caller, repo), call.caller, repo)

    await call.read(work)
    return answer({})


def _attributes(call: Call) -> str:
    """Have the first file among the contents; its sha256. The caller holds `publishing`."""
    with call.service.blobs.incoming() as incoming:
        incoming.write(ATTRIBUTES)
        incoming.keep()
        return incoming.sha256


def _first_commit(call: Call, connection: sqlite3.Connection, repo: Repo, entry: Entry) -> None:
    snapshot = call.service.snapshots.open(connection, EMPTY)
    numbered = Entry(entry.path, entry.size, entry.sha256, entry.oid, entry.lfs, next_number(connection))
    commit = add_commit(
        connection,
        repo,
        snapshot,
        {entry.path: numbered},
        parents=(),
        title="initial commit",
        message="",
        author=call.caller.name,
    )
    move_ref(connection, repo, MAIN, commit.oid)


def _kind(body: Mapping[str, Any]) -> str:
    kind = body.get("type") or "model"
    if kind not in KINDS:
        raise Refusal(400, f"This hub has models, datasets and spaces, and no {str(kind)[:50]!r}")
    return str(kind)


def _text(body: Mapping[str, Any], name: str, *, optional: bool = False) -> str:
    value = body.get(name)
    if optional and value is None:
        return ""
    if not isinstance(value, str) or not value:
        raise invalid(f"'{name}' is missing")
    return value
