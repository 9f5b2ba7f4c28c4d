"""Downloads: a file of a revision, whole or in ranges."""

from __future__ import annotations

import mimetypes
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

import msgspec
from starlette.responses import Response, StreamingResponse

from hub_mirror.call import Call, answer
from hub_mirror.catalogue.commits import resolve
from hub_mirror.catalogue.holdings import known_oid
from hub_mirror.catalogue.repos import Repo
from hub_mirror.gate import check_gate
from hub_mirror.refusals import Refusal, no_entry
from hub_mirror.routing import route
from hub_mirror.sending import FileAnswer, wanted_range
from hub_mirror.snapshots import Entry
from hub_mirror.upstream.fetching import Fetch
from hub_mirror.upstream.proxy import ensure_repo, upstream_of
from hub_mirror.views import etag

__all__: list[str] = []

_SAFE_TYPES = (
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/json",
    "text/plain",
    "audio/",
    "video/",
)
_LARGEST_HEAD = 100 * 2**20


@dataclass(frozen=True, slots=True)
class _File:
    repo: Repo
    commit: str
    entry: Entry
    sha256: str


@route("/{name}/resolve/{revision}/{path*}")
@route("/{R}/resolve/{revision}/{path*}")
@route("/{R}/raw/{revision}/{path*}")
@route("/api/resolve-cache/{kinds}/{owner}/{name}/{revision}/{path*}")
async def download(call: Call) -> Response:
    """A file. A HEAD tells its commit, hash and size; both are answered here, without a redirect."""
    await ensure_repo(call)
    file = await call.read(lambda connection: _find(call, connection))
    request, entry = call.request, file.entry
    headers = _headers(file)
    if f'"{etag(entry)}"' in [
        tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")
    ]:
        return Response(None, 304, {name: value for name, value in headers.items() if name != "Content-Length"})
    asked = request.headers.get("range", "")
    if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        asked = ""
    span = wanted_range(asked, entry.size) if asked else None
    start, stop = span or (0, entry.size)
    status = 206 if span else 200
    if span:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{entry.size}"
    if request.method == "GET" and not span:
        await _count(call, file)
    if file.sha256:
        return FileAnswer(call.service.blobs.path(file.sha256), start, stop, status, headers)
    return _from_upstream(call, file, start, stop, status, headers)


@route("/api/{kinds}/{owner}/{name}/safetensors-metadata/{path*}")
async def safetensors(call: Call) -> Response:
    """Headers of all shards of an index in one answer, from `main`."""
    await ensure_repo(call)

    def work(connection: sqlite3.Connection) -> dict[str, object]:
        index_file = _find(call, connection)
        index = msgspec.json.decode(_content(call, index_file, 0, min(index_file.entry.size, _LARGEST_HEAD)))
        folder = call.values["path"].rpartition("/")[0]
        headers = {}
        for shard in sorted(set(index.get("weight_map", {}).values())):
            found = _find(call, connection, f"{folder}/{shard}" if folder else shard)
            length = int.from_bytes(_content(call, found, 0, 8), "little")
            if length > min(_LARGEST_HEAD, found.entry.size - 8):
                raise Refusal(400, f"'{shard}' is no safetensors file")
            headers[shard] = msgspec.json.decode(_content(call, found, 8, 8 + length))
        return {"index": {"metadata": index.get("metadata")}, "headers": headers}

    try:
        return answer(await call.read(work))
    except (msgspec.MsgspecError, AttributeError, TypeError) as error:
        raise Refusal(400, f"'{call.values['path']}' is no index of safetensors files") from error


def _find(call: Call, connection: sqlite3.Connection, path: str = "") -> _File:
    repo = call.repo(connection)
    check_gate(connection, repo, call.caller)
    commit = resolve(connection, repo, call.revision)
    path = path or call.values["path"]
    entry = call.service.snapshots.open(connection, commit.tree).get(path)
    if entry is None:
        raise no_entry(path, commit.oid)
    sha256 = entry.sha256 or known_oid(connection, repo, entry.oid)
    here = sha256 and call.service.blobs.has(sha256, entry.size)
    if not here and not upstream_of(call.service, repo):
        if repo.upstream:
            raise no_entry(path, commit.oid)
        raise Refusal(500, f"The content of '{path}' is missing; tell who runs this hub: hub mirror check")
    return _File(repo, commit.oid, entry, sha256 if here else "")


def _headers(file: _File) -> dict[str, str]:
    tag, name = etag(file.entry), file.entry.path.rpartition("/")[2]
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if guessed.startswith("text/") or name.endswith((".md", ".jinja", ".jsonl", ".yaml", ".yml")):
        guessed = "text/plain; charset=utf-8"
    elif not guessed.startswith(_SAFE_TYPES):
        guessed = "application/octet-stream"
    headers = {
        "Content-Length": str(file.entry.size),
        "Content-Type": guessed,
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-cache",
        "ETag": f'"{tag}"',
        "X-Repo-Commit": file.commit,
    }
    if file.entry.lfs:
        headers |= {"X-Linked-ETag": f'"{tag}"', "X-Linked-Size": str(file.entry.size)}
    return headers


async def _count(call: Call, file: _File) -> None:
    """Count a download of a repository by the file that every model has: counting each would write without end."""
    if file.entry.path in {"config.json", "README.md"} or file.entry.path.endswith(".gguf"):
        await call.write(
            lambda connection: connection.execute(
                "UPDATE repos SET downloads = downloads + 1 WHERE id = ?", (file.repo.id,)
            )
        )


def _from_upstream(call: Call, file: _File, start: int, stop: int, status: int, headers: dict[str, str]) -> Response:
    upstream = upstream_of(call.service, file.repo)
    assert upstream is not None
    fetch = Fetch(service=call.service, upstream=upstream, repo=file.repo, commit=file.commit, entry=file.entry)
    headers["Content-Length"] = str(stop - start)
    if call.request.method == "HEAD":
        return Response(None, status, headers)

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in fetch.read(start, stop):
            call.request.state.metrics.count("hub_upstream_bytes_total", len(piece))
            yield piece

    return StreamingResponse(pieces(), status, headers)


def _content(call: Call, file: _File, start: int, stop: int) -> bytes:
    if not file.sha256:
        raise Refusal(404, "This file is not here yet: download it once")
    with call.service.blobs.path(file.sha256).open("rb") as opened:
        opened.seek(start)
        return opened.read(stop - start)
