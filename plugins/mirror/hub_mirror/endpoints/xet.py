"""Uploads of hf_xet: a token for them, blocks of chunks, and the shards that say what files they make.

Downloads stay plain: no answer names a Xet hash. The address of the store names the store and the account, and
changes when contents are collected, because hf_xet remembers by it what it has uploaded.
"""

from __future__ import annotations

import re
import sqlite3
import time

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub_mirror.call import Call, answer
from hub_mirror.catalogue.repos import Repo, from_row, may_read, may_write, require
from hub_mirror.gate import check_gate
from hub_mirror.receiving import receive
from hub_mirror.refusals import Refusal, forbidden, invalid
from hub_mirror.routing import route
from hub_mirror.xet.rebuilding import rebuild, xorb_path
from hub_mirror.xet.shard import files_of
from hub_mirror.xet.xorb import count_chunks

__all__: list[str] = []

_HASH = re.compile(r"[0-9a-f]{64}")
_LARGEST_XORB = 68 * 2**20
_LARGEST_SHARD = 64 * 2**20
_SECONDS = 3600


@route("/api/{kinds}/{owner}/{name}/xet-write-token/{revision}")
async def write_token(call: Call) -> Response:
    """A token with which contents may be uploaded for a repository."""

    def work(connection: sqlite3.Connection) -> tuple[Repo, str]:
        repo = call.repo(connection)
        proposes = call.caller.known and call.caller.writes and may_read(call.caller, repo)
        require(proposes or may_write(call.caller, repo), call.caller, repo)
        if repo.upstream:
            raise forbidden(f"{repo.fullname} is mirrored from {repo.upstream}: it is changed there")
        return repo, _generation(connection)

    repo, generation = await call.read(work)
    return _token(call, "write", repo, generation)


@route("/api/{kinds}/{owner}/{name}/xet-read-token/{revision}")
async def read_token(call: Call) -> Response:
    """A token for downloads, which clients of this hub never need."""

    def work(connection: sqlite3.Connection) -> tuple[Repo, str]:
        repo = call.repo(connection)
        check_gate(connection, repo, call.caller)
        return repo, _generation(connection)

    repo, generation = await call.read(work)
    return _token(call, "read", repo, generation)


@route("/xet/{store}/{account}/v1/xorbs/{prefix}/{hash}", "POST")
async def put_xorb(call: Call) -> Response:
    """A block of chunks."""
    account, _ = _proof(call)
    name = call.values["hash"].lower()
    if not _HASH.fullmatch(name):
        raise invalid("The name of a xorb has 64 hexadecimal digits")
    with call.service.blobs.incoming(limit=_LARGEST_XORB) as incoming:
        taken = await receive(call.request.stream(), incoming.write)
        call.request.state.metrics.count("hub_received_bytes_total", taken)

        def keep() -> None:
            with incoming.path.open("rb") as file:
                count_chunks(file, incoming.size)
            incoming.settle()
            target = xorb_path(call.service, account, name)
            target.parent.mkdir(exist_ok=True, mode=0o750)
            incoming.path.replace(target)

        await run_in_threadpool(keep)
    return answer({"was_inserted": True})


@route("/xet/{store}/{account}/v1/shards", "POST")
@route("/xet/{store}/{account}/shards", "POST")
async def put_shard(call: Call) -> Response:
    """How files are made of chunks: they are put together and checked at once."""
    account, number = _proof(call)
    files = files_of(await call.body(_LARGEST_SHARD))

    def work() -> None:
        row = call.service.database.connection.execute("SELECT * FROM repos WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise Refusal(404, "The repository is gone")
        rebuild(call.service, from_row(row), account, files)

    await run_in_threadpool(work)
    return answer({"result": 1})


def _token(call: Call, scope: str, repo: Repo, generation: str) -> Response:
    account = call.caller.id
    expires = int(time.time()) + _SECONDS
    signed = call.service.sign("xet", scope, repo.id, account, seconds=_SECONDS)
    token = f"{scope}.{repo.id}.{account}.{signed}"
    url = f"{call.base}/xet/{call.service.store}{generation}/{account}"
    headers = {
        "X-Xet-Cas-Url": url,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(expires),
    }
    return answer({"casUrl": url, "accessToken": token, "exp": expires}, headers=headers)


def _proof(call: Call) -> tuple[int, int]:
    """Account and repository that a token was given for."""
    given = call.request.headers.get("authorization", "").partition(" ")[2].split(".", 3)
    if len(given) != 4 or given[0] != "write" or not given[1].isdigit() or not given[2].isdigit():
        raise Refusal(401, "This needs a token of xet-write-token")
    _, repo, account, signed = given
    if call.values["account"] != account or not call.service.signed(signed, "xet", "write", int(repo), int(account)):
        raise Refusal(401, "The token has expired, or was not given out by this hub")
    return int(account), int(repo)


def _generation(connection: sqlite3.Connection) -> str:
    """Grows when contents were collected: what clients remember of uploads does not hold any more."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
    return f"-{row[0]}" if row else ""
