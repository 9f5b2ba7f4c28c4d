"""Branches and tags made and removed, and a history squashed into one commit."""

from __future__ import annotations

import sqlite3

from starlette.responses import Response

from hub_mirror.call import Call, answer
from hub_mirror.catalogue.commits import (
    HEADS,
    MAIN,
    TAGS,
    add_commit,
    delete_ref,
    find_ref,
    make_ref,
    move_ref,
    resolve,
)
from hub_mirror.catalogue.repos import Repo, may_write, require
from hub_mirror.names import check_ref
from hub_mirror.refusals import Refusal, forbidden, invalid, no_revision
from hub_mirror.routing import route

__all__: list[str] = []


@route("/api/{kinds}/{owner}/{name}/branch/{ref}", "POST")
async def make_branch(call: Call) -> Response:
    """Make a branch, from `main` or where it is told to begin."""
    body = await call.json()
    start = body.get("startingPoint")

    def work(connection: sqlite3.Connection) -> None:
        repo = _writable(call, connection)
        commit = resolve(connection, repo, start if isinstance(start, str) and start else "main")
        name = HEADS + check_ref(call.values["ref"])
        if body.get("overwrite") is True:
            move_ref(connection, repo, name, commit.oid)
        else:
            make_ref(connection, repo, name, commit.oid)

    await call.write(work)
    return answer({})


@route("/api/{kinds}/{owner}/{name}/branch/{ref}", "DELETE")
async def delete_branch(call: Call) -> Response:
    """Remove a branch; `main` stays."""

    def work(connection: sqlite3.Connection) -> None:
        repo = _writable(call, connection)
        if HEADS + call.values["ref"] == MAIN:
            raise forbidden("The branch 'main' cannot be deleted")
        delete_ref(connection, repo, HEADS + call.values["ref"])

    await call.write(work)
    return answer({})


@route("/api/{kinds}/{owner}/{name}/tag/{ref}", "POST")
async def make_tag(call: Call) -> Response:
    """Tag a revision."""
    body = await call.json()
    tag, message = body.get("tag"), body.get("message") or ""
    if not isinstance(tag, str) or not isinstance(message, str):
        raise invalid("'tag' is missing")

    def work(connection: sqlite3.Connection) -> None:
        repo = _writable(call, connection)
        commit = resolve(connection, repo, call.values["ref"])
        make_ref(connection, repo, TAGS + check_ref(tag), commit.oid, message)

    await call.write(work)
    return answer({})


@route("/api/{kinds}/{owner}/{name}/tag/{ref}", "DELETE")
async def delete_tag(call: Call) -> Response:
    """Remove a tag."""

    def work(connection: sqlite3.Connection) -> None:
        delete_ref(connection, _writable(call, connection), TAGS + call.values["ref"])

    await call.write(work)
    return answer({})


@route("/api/{kinds}/{owner}/{name}/super-squash/{ref}", "POST")
async def squash(call: Call) -> Response:
    """Replace the history of a branch by one commit that holds the same."""
    body = await call.json()
    message = body.get("message")

    def work(connection: sqlite3.Connection) -> None:
        repo = _writable(call, connection)
        name = HEADS + call.values["ref"]
        if not find_ref(connection, repo, name):
            raise no_revision(call.values["ref"])
        head = resolve(connection, repo, name)
        commit = add_commit(
            connection,
            repo,
            call.service.snapshots.open(connection, head.tree),
            {},
            parents=(),
            title=message if isinstance(message, str) and message else "Squash history",
            message="",
            author=call.caller.name,
        )
        move_ref(connection, repo, name, commit.oid)

    await call.write(work)
    return answer({})


def _writable(call: Call, connection: sqlite3.Connection) -> Repo:
    repo = call.repo(connection)
    require(may_write(call.caller, repo), call.caller, repo)
    if repo.upstream:
        raise Refusal(403, f"{repo.fullname} is mirrored from {repo.upstream}: it is changed there")
    return repo
