"""Commits from callers: which files go how, and the commit itself, to a branch or as a pull request."""

from __future__ import annotations

import base64
import binascii
import sqlite3
from contextlib import ExitStack

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub_mirror.call import Call, answer
from hub_mirror.catalogue.commits import HEADS, MAIN, PULLS, Commit, find_ref, move_ref, resolve
from hub_mirror.catalogue.discussions import add_event, find_discussion, open_discussion
from hub_mirror.catalogue.repos import Repo, may_read, may_write, require
from hub_mirror.committing import commit, hold_all
from hub_mirror.ignoring import ignored, large_files
from hub_mirror.names import check_path
from hub_mirror.operations import Operations, read_operations
from hub_mirror.refusals import Refusal, forbidden, invalid, no_revision
from hub_mirror.routing import route
from hub_mirror.snapshots import EMPTY, Entry

__all__: list[str] = []

_LARGE = 5 * 2**20
_MOST = 1000


@route("/api/{kinds}/{owner}/{name}/preupload/{revision}", "POST")
async def preupload(call: Call) -> Response:
    """How each file is to be sent: inside the commit, or before it as a large file; or not, being there already."""
    body = await call.json()
    files = body.get("files")
    if not isinstance(files, list) or len(files) > _MOST:
        raise invalid(f"'files' is a list of at most {_MOST}")
    given = body.get("gitIgnore")

    def work(connection: sqlite3.Connection) -> list[dict[str, object]]:
        repo = call.repo(connection)
        ref, start = _target(call, connection, repo)
        _require_commit(call, connection, repo, ref)
        before = call.service.snapshots.open(connection, resolve(connection, repo, start).tree if start else EMPTY)
        leaves = ignored(given if isinstance(given, str) else _small(call, before.get(".gitignore")))
        large = large_files(_small(call, before.get(".gitattributes")))
        found: list[dict[str, object]] = []
        for file in files:
            name = file.get("path") if isinstance(file, dict) else None
            path = check_path(name if isinstance(name, str) else "")
            size = file.get("size") if isinstance(file.get("size"), int) else 0
            is_large = size > 0 and (size > _LARGE or large(path) or _binary(file.get("sample")))
            entry = before.get(path)
            there = entry and entry.lfs == is_large
            oid = (entry.sha256 if is_large else entry.oid) if there and entry else None
            mode = "lfs" if is_large else "regular"
            found.append({"path": path, "uploadMode": mode, "shouldIgnore": leaves(path), "oid": oid})
        return found

    return answer({"files": await call.read(work)})


@route("/api/{kinds}/{owner}/{name}/commit/{revision}", "POST")
async def make_commit(call: Call) -> Response:
    """Commit to a branch or pull request, or open a pull request with it."""
    wants_pull = call.flag("create_pr")
    with ExitStack() as stack:
        await call.read(lambda connection: _check(call, connection))  # before gigabytes are read
        operations = await read_operations(call.request.stream(), call.service.blobs, stack)

        def run() -> tuple[Repo, Commit, int]:
            with call.service.blobs.publishing():
                call.service.blobs.keep(operations.incoming)
                with call.service.database.writing() as connection:
                    return _commit(call, connection, operations, wants_pull=wants_pull)

        repo, made, pull = await run_in_threadpool(run)
    call.request.state.metrics.count("hub_commits_total")
    page = call.page_of(repo)
    body = {
        "success": True,
        "commitOid": made.oid,
        "commitUrl": f"{page}/commit/{made.oid}",
        "hookOutput": "",
        "pullRequestUrl": f"{page}/discussions/{pull}" if pull else None,
    }
    return answer(body)


def _commit(
    call: Call, connection: sqlite3.Connection, operations: Operations, *, wants_pull: bool
) -> tuple[Repo, Commit, int]:
    repo, ref, start = _check(call, connection)
    hold_all(connection, repo, operations)
    author = call.caller.name
    if not wants_pull:
        made = commit(connection, call.service, repo, operations, ref=ref, start=start, author=author)
        if ref.startswith(PULLS):
            number = int(ref.removeprefix(PULLS))
            add_event(connection, repo, number, "commit", author, {"subject": made.title, "oid": made.oid})
        return repo, made, 0
    number = open_discussion(
        connection,
        repo,
        title=operations.title,
        text=operations.message,
        author=author,
        pull=True,
        base=ref,
        fork=start,
    )
    pull = f"{PULLS}{number}"
    move_ref(connection, repo, pull, start)
    made = commit(connection, call.service, repo, operations, ref=pull, start=start, author=author)
    add_event(connection, repo, number, "commit", author, {"subject": made.title, "oid": made.oid})
    return repo, made, number


def _check(call: Call, connection: sqlite3.Connection) -> tuple[Repo, str, str]:
    """Repository, ref and commit that a call may commit to."""
    repo = call.repo(connection)
    if repo.upstream:
        raise forbidden(f"{repo.fullname} is mirrored from {repo.upstream}: it is changed there")
    ref, start = _target(call, connection, repo)
    _require_commit(call, connection, repo, ref)
    return repo, ref, start


def _target(call: Call, connection: sqlite3.Connection, repo: Repo) -> tuple[str, str]:
    """Full name of the ref that a revision names, and its commit; a tag or commit cannot be committed to."""
    revision = call.revision
    ref = revision if revision.startswith("refs/") else HEADS + revision
    if not ref.startswith((HEADS, PULLS)):
        raise invalid(f"'{revision}' is neither a branch nor a pull request: nothing is committed to it")
    start = find_ref(connection, repo, ref)
    if start or (ref == MAIN and not repo.head):
        return ref, start
    if call.flag("create_pr"):
        return MAIN, resolve(connection, repo, revision).oid
    raise no_revision(revision)


def _require_commit(call: Call, connection: sqlite3.Connection, repo: Repo, ref: str) -> None:
    """Who may write may commit; a pull request takes commits of its author, and anybody who may read opens one."""
    caller = call.caller
    proposes = call.flag("create_pr") or call.revision == "None"
    if ref.startswith(PULLS):
        found = find_discussion(connection, repo, int(ref.removeprefix(PULLS)))
        if found["status"] in {"merged", "closed"}:
            raise Refusal(403, f"The pull request {found['num']} is {found['status']}")
        proposes = found["author"] == caller.name
    mine = proposes and caller.known and caller.writes and may_read(caller, repo)
    require(mine or may_write(caller, repo), caller, repo)


def _small(call: Call, entry: Entry | None) -> str:
    if entry is None or not entry.sha256 or entry.size > _LARGE:
        return ""
    try:
        return call.service.blobs.path(entry.sha256).read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _binary(sample: object) -> bool:
    """Whether the first bytes of a file are no text."""
    if not isinstance(sample, str):
        return False
    try:
        return b"\0" in base64.b64decode(sample)
    except (binascii.Error, ValueError):
        return False
