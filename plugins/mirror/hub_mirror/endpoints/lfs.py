"""Large files in the protocol of Git LFS: where to put them, the upload in one or several requests, the check.

The addresses that are given out are signed and name repository, hash and size: who holds one may send that content
and nothing else, without a token.

References
----------
https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
"""

from __future__ import annotations

import sqlite3
from math import ceil
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub_mirror.call import Call, answer
from hub_mirror.catalogue.holdings import check_quota, hold, holds
from hub_mirror.catalogue.repos import Repo, from_row, may_read, may_write, require
from hub_mirror.gate import check_gate
from hub_mirror.names import is_sha256
from hub_mirror.parts import Parts
from hub_mirror.receiving import receive
from hub_mirror.refusals import Refusal, forbidden, invalid
from hub_mirror.routing import route
from hub_mirror.sending import FileAnswer, wanted_range

__all__: list[str] = []

_TYPE = "application/vnd.git-lfs+json"
_MOST = 1000
_MOST_PARTS = 10_000


@route("/datasets/{owner}/{repository}/info/lfs/objects/batch", "POST")
@route("/spaces/{owner}/{repository}/info/lfs/objects/batch", "POST")
@route("/{owner}/{repository}/info/lfs/objects/batch", "POST")
async def batch(call: Call) -> Response:
    """Where each content is to be put, or had from; none where it is there already."""
    body = await call.json()
    wanted = body.get("objects")
    if not isinstance(wanted, list) or len(wanted) > _MOST:
        raise invalid(f"'objects' is a list of at most {_MOST}")
    call.values = {**call.values, "name": call.values["repository"].removesuffix(".git")}
    uploads = body.get("operation") == "upload"
    parts = "multipart" in (body.get("transfers") or [])

    def work(connection: sqlite3.Connection) -> list[dict[str, object]]:
        repo = call.repo(connection)
        if not uploads:
            check_gate(connection, repo, call.caller)
            return [_download(call, connection, repo, each) for each in wanted]
        proposes = call.caller.known and call.caller.writes and may_read(call.caller, repo)
        require(proposes or may_write(call.caller, repo), call.caller, repo)
        if repo.upstream:
            raise forbidden(f"{repo.fullname} is mirrored from {repo.upstream}: it is changed there")
        sizes = [each["size"] for each in wanted if _fault(call, each) is None]
        check_quota(connection, repo, sizes)
        return [_upload(call, connection, repo, each, parts=parts) for each in wanted]

    found = await call.write(work)
    several = any("chunk_size" in _header(each) for each in found)
    value = {"transfer": "multipart" if several else "basic", "objects": found, "hash_algo": "sha256"}
    response = answer(value)
    response.headers["Content-Type"] = _TYPE
    return response


@route("/lfs/{repo}/{sha256}/{size}", "PUT")
async def put(call: Call) -> Response:
    """A whole content."""
    repo, sha256, size = _proof(call, "put")
    with call.service.blobs.incoming(limit=size) as incoming:
        taken = await receive(call.request.stream(), incoming.write)
        call.request.state.metrics.count("hub_received_bytes_total", taken)
        if incoming.sha256 != sha256 or incoming.size != size:
            raise invalid(f"What came is not the content {sha256} of {size} bytes")

        def keep() -> None:
            incoming.settle()
            with call.service.blobs.publishing():
                call.service.blobs.keep([incoming])
                _hold(call, repo, sha256, size)

        await run_in_threadpool(keep)
    return Response(headers={"ETag": f'"{sha256}"'})


@route("/lfs/{repo}/{sha256}/{size}/{part}", "PUT")
async def put_part(call: Call) -> Response:
    """A part of a content."""
    repo, sha256, size = _proof(call, "part")
    number, length = int(call.values["part"]), call.service.settings.part
    if not 1 <= number <= ceil(size / length):
        raise invalid(f"There is no part {number}")
    expected = min(length, size - (number - 1) * length)
    tag = await Parts(call.service.blobs, repo, sha256).put(number, call.request.stream(), expected)
    call.request.state.metrics.count("hub_received_bytes_total", expected)
    return Response(headers={"ETag": f'"{tag}"'})


@route("/lfs/{repo}/{sha256}/{size}/complete", "POST")
async def complete(call: Call) -> Response:
    """Put the parts together."""
    repo, sha256, size = _proof(call, "complete")
    body = await call.json()
    tags = _tags(body, ceil(size / call.service.settings.part))

    def work() -> None:
        with call.service.blobs.publishing():
            if not (holds_now(call, repo, sha256) and call.service.blobs.has(sha256, size)):
                Parts(call.service.blobs, repo, sha256).assemble(tags, sha256, size)
                _hold(call, repo, sha256, size)

    await run_in_threadpool(work)
    return answer({})


@route("/{R}/lfs-verify", "POST")
async def verify(call: Call) -> Response:
    """Whether a content has come."""
    body = await call.json()
    sha256, size = body.get("oid"), body.get("size")

    def work(connection: sqlite3.Connection) -> None:
        held = holds(connection, call.repo(connection), sha256 if isinstance(sha256, str) else "")
        if held is None or held != size:
            raise Refusal(404, f"The content {sha256} has not come")

    await call.read(work)
    return answer({})


def holds_now(call: Call, repo: int, sha256: str) -> bool:
    """Whether a repository has a content already, in a transaction of its own."""
    with call.service.database.reading() as connection:
        row = connection.execute("SELECT 1 FROM holdings WHERE repo = ? AND sha256 = ?", (repo, sha256)).fetchone()
    return row is not None


def _upload(
    call: Call, connection: sqlite3.Connection, repo: Repo, each: dict[str, Any], *, parts: bool
) -> dict[str, object]:
    fault = _fault(call, each)
    if fault is not None:
        return fault
    sha256, size = each["oid"].lower(), each["size"]
    if holds(connection, repo, sha256) is not None and call.service.blobs.has(sha256, size):
        hold(connection, repo, sha256, size)  # and is not collected before the commit
        return {"oid": sha256, "size": size}
    place = f"{call.base}/lfs/{repo.id}/{sha256}/{size}"
    verify_ = {"href": f"{call.page_of(repo)}/lfs-verify"}
    length = call.service.settings.part
    if not parts or size <= length:
        signed = call.service.sign("put", repo.id, sha256, size)
        return {
            "oid": sha256,
            "size": size,
            "actions": {"upload": {"href": f"{place}?sig={signed}"}, "verify": verify_},
        }
    count = ceil(size / length)
    if count > _MOST_PARTS:
        raise Refusal(413, f"A file may come in at most {_MOST_PARTS} parts of {length} bytes")
    signed = call.service.sign("part", repo.id, sha256, size)
    header = {"chunk_size": str(length)} | {str(n): f"{place}/{n}?sig={signed}" for n in range(1, count + 1)}
    href = f"{place}/complete?sig={call.service.sign('complete', repo.id, sha256, size)}"
    return {"oid": sha256, "size": size, "actions": {"upload": {"href": href, "header": header}, "verify": verify_}}


def _download(call: Call, connection: sqlite3.Connection, repo: Repo, each: dict[str, Any]) -> dict[str, object]:
    fault = _fault(call, each)
    if fault is not None:
        return fault
    sha256 = each["oid"].lower()
    held = holds(connection, repo, sha256)
    if held is None:
        return {**each, "error": {"code": 404, "message": "This content is not here"}}
    signed = call.service.sign("get", repo.id, sha256, held)
    href = f"{call.base}/lfs/{repo.id}/{sha256}/{held}?sig={signed}"
    return {"oid": sha256, "size": held, "actions": {"download": {"href": href}}}


@route("/lfs/{repo}/{sha256}/{size}")
async def get(call: Call) -> Response:
    """A content, for git."""
    _, sha256, size = _proof(call, "get")
    span = wanted_range(call.request.headers.get("range", ""), size)
    start, stop = span or (0, size)
    headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes", "ETag": f'"{sha256}"'}
    if span:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return FileAnswer(call.service.blobs.path(sha256), start, stop, 206 if span else 200, headers)


def _fault(call: Call, each: object) -> dict[str, object] | None:
    """Why an object of a batch cannot be had, in the protocol's words."""
    values = each if isinstance(each, dict) else {}
    oid, size = values.get("oid"), values.get("size")
    named = {"oid": str(oid), "size": size if isinstance(size, int) else 0}
    if not isinstance(oid, str) or not is_sha256(oid.lower()) or not isinstance(size, int) or size < 0:
        return {**named, "error": {"code": 422, "message": "'oid' is a sha256 and 'size' a number of bytes"}}
    if size > call.service.settings.largest:
        said = f"This file is larger than the {call.service.settings.largest} bytes that this hub takes"
        return {**named, "error": {"code": 413, "message": said}}
    return None


def _header(each: dict[str, Any]) -> dict[str, Any]:
    header: dict[str, Any] = each.get("actions", {}).get("upload", {}).get("header", {})
    return header


def _proof(call: Call, what: str) -> tuple[int, str, int]:
    repo, sha256, size = call.values["repo"], call.values["sha256"], call.values["size"]
    if not (repo.isdigit() and is_sha256(sha256) and size.isdigit()):
        raise Refusal(404, "There is nothing at this address")
    if not call.service.signed(call.query("sig"), what, int(repo), sha256, int(size)):
        raise forbidden("This address has expired, or was not given out by this hub")
    return int(repo), sha256, int(size)


def _hold(call: Call, repo: int, sha256: str, size: int) -> None:
    with call.service.database.writing() as connection:
        row = connection.execute("SELECT * FROM repos WHERE id = ?", (repo,)).fetchone()
        if row is None:
            raise Refusal(404, "The repository is gone")
        hold(connection, from_row(row), sha256, size)


def _tags(body: dict[str, Any], count: int) -> list[tuple[int, str]]:
    given = body.get("parts")
    try:
        tags = sorted((int(part["partNumber"]), str(part["etag"]).strip('"')) for part in given or [])
    except (KeyError, TypeError, ValueError) as error:
        raise invalid("'parts' is a list of partNumber and etag") from error
    if [number for number, _ in tags] != list(range(1, count + 1)):
        raise invalid(f"All {count} parts must be named, once each")
    return tags
