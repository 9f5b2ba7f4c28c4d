"""What a revision holds, and what came before it: trees, single paths, refs, commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from hub_mirror.call import Call, answer
from hub_mirror.catalogue.commits import HEADS, TAGS, Commit, history, list_refs, resolve
from hub_mirror.refusals import Refusal, invalid, no_entry
from hub_mirror.routing import route
from hub_mirror.snapshots import Entry, Snapshot
from hub_mirror.upstream.proxy import ensure_repo
from hub_mirror.views import entry_view, folder_view, last_commits

__all__: list[str] = []

_PAGE = 1000
_EXPANDED_PAGE = 100
_COMMITS = 50
_PATHS = 1000


@route("/api/{kinds}/{name}/tree/{revision}")
@route("/api/{kinds}/{name}/tree/{revision}/{path*}")
@route("/api/{kinds}/{owner}/{name}/tree/{revision}")
@route("/api/{kinds}/{owner}/{name}/tree/{revision}/{path*}")
async def tree(call: Call) -> Response:
    """Files and folders, all or those of one folder, a page at a time."""
    await ensure_repo(call)
    path = call.values.get("path", "").strip("/")
    expand = call.flag("expand")
    given = call.query("limit")
    size = min(max(int(given), 1), _PAGE) if given.isdigit() else _EXPANDED_PAGE if expand else _PAGE

    def work(connection: sqlite3.Connection) -> tuple[list[dict[str, object]], str, str]:
        commit = resolve(connection, call.repo(connection), call.revision)
        snapshot = call.service.snapshots.open(connection, commit.tree)
        if not snapshot.has_folder(path):
            raise no_entry(path, commit.oid)
        found = (
            _recursive(snapshot, path, call.query("cursor")) if call.flag("recursive") else _flat(snapshot, path, call)
        )
        page = list(islice(found, size + 1))
        more = page[size - 1][0] if len(page) > size else ""
        return _views(connection, snapshot, page[:size], commit if expand else None), more, commit.oid

    views, more, oid = await call.read(work)
    headers = {"X-Repo-Commit": oid}
    if more:
        pairs = [(name, value) for name, value in call.request.query_params.multi_items() if name != "cursor"]
        raw = call.request.scope["raw_path"].decode("latin-1")
        headers["Link"] = f'<{call.base}{raw}?{urlencode([*pairs, ("cursor", more)])}>; rel="next"'
    return answer(views, headers=headers)


@route("/api/{kinds}/{owner}/{name}/paths-info/{revision}", "POST")
async def paths_info(call: Call) -> Response:
    """The files and folders of some names; unknown ones are left out."""
    await ensure_repo(call)
    if call.request.headers.get("content-type", "").startswith("application/json"):
        body = await call.json()
        paths = [path for path in body.get("paths") or [] if isinstance(path, str)]
        expand = body.get("expand") is True
    else:
        pairs = parse_qsl((await call.body()).decode("utf-8", "surrogateescape"), max_num_fields=4 * _PATHS)
        paths = [value for name, value in pairs if name in {"paths", "paths[]"}]
        expand = any(name == "expand" and value.lower() in {"1", "true"} for name, value in pairs)
    if len(paths) > _PATHS:
        raise invalid(f"At most {_PATHS} paths at once")

    def work(connection: sqlite3.Connection) -> list[dict[str, object]]:
        commit = resolve(connection, call.repo(connection), call.revision)
        snapshot = call.service.snapshots.open(connection, commit.tree)
        found: list[tuple[str, Entry | None]] = []
        for path in dict.fromkeys(path.strip("/") for path in paths):
            entry = snapshot.get(path)
            if entry is not None or (path and snapshot.has_folder(path)):
                found.append((path, entry))
        return _views(connection, snapshot, found, commit if expand else None)

    return answer(await call.read(work))


@route("/api/{kinds}/{owner}/{name}/refs")
async def refs(call: Call) -> Response:
    """Branches, tags and, on request, pull requests."""
    await ensure_repo(call)
    pulls = call.flag("include_prs") or call.flag("include_pull_requests")

    def work(connection: sqlite3.Connection) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = {"branches": [], "converts": [], "tags": []}
        if pulls:
            found["pullRequests"] = []
        for name, oid in list_refs(connection, call.repo(connection)):
            if name.startswith(HEADS):
                place, short = "branches", name.removeprefix(HEADS)
            elif name.startswith(TAGS):
                place, short = "tags", name.removeprefix(TAGS)
            elif name.startswith("refs/pr/"):
                place, short = "pullRequests", name.removeprefix("refs/pr/")
            else:
                place, short = "converts", name.removeprefix("refs/")
            if place in found:
                found[place].append({"name": short, "ref": name, "targetCommit": oid})
        return found

    return answer(await call.read(work))


@route("/api/{kinds}/{owner}/{name}/commits/{revision}")
async def commits(call: Call) -> Response:
    """Commits of a revision, the newest first, a page at a time."""
    await ensure_repo(call)
    given, page = call.query("limit"), call.query("p")
    size = min(max(int(given), 1), _PAGE) if given.isdigit() else _COMMITS
    number = int(page) if page.isdigit() else 0
    if number > 100_000:
        raise Refusal(400, "There are no such pages")

    def work(connection: sqlite3.Connection) -> list[Commit]:
        repo = call.repo(connection)
        start = resolve(connection, repo, call.revision)
        return list(islice(history(connection, repo, start.oid), number * size, (number + 1) * size + 1))

    found = await call.read(work)
    headers = {}
    if len(found) > size:
        pairs = [(name, value) for name, value in call.request.query_params.multi_items() if name != "p"]
        raw = call.request.scope["raw_path"].decode("latin-1")
        headers["Link"] = f'<{call.base}{raw}?{urlencode([*pairs, ("p", number + 1)])}>; rel="next"'
    return answer([_commit_view(commit) for commit in found[:size]], headers=headers)


def _commit_view(commit: Commit) -> dict[str, object]:
    return {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": commit.author, "_id": commit.author}],
        "date": commit.date,
        "parents": list(commit.parents),
        "formatted": {"title": commit.title, "message": commit.message},
    }


def _recursive(snapshot: Snapshot, path: str, after: str) -> Iterator[tuple[str, Entry | None]]:
    """All entries below a folder, each folder before what it holds."""
    prefix = f"{path}/" if path else ""
    shown = _parents(after)  # folders that the page before has shown
    if after and snapshot.get(after) is None:
        shown[after] = None
    for entry in snapshot.scan(max(prefix, after + "\0" if after else ""), prefix + "\U0010ffff"):
        for folder in reversed(list(_parents(entry.path))):
            if folder not in shown and len(folder) > len(path):
                shown[folder] = None
                yield folder, None
        yield entry.path, entry


def _parents(path: str) -> dict[str, None]:
    found: dict[str, None] = {}
    while path := path.rpartition("/")[0]:
        found[path] = None
    return found


def _flat(snapshot: Snapshot, path: str, call: Call) -> Iterator[tuple[str, Entry | None]]:
    return snapshot.folder(path, call.query("cursor"))


def _views(
    connection: sqlite3.Connection, snapshot: Snapshot, page: list[tuple[str, Entry | None]], commit: Commit | None
) -> list[dict[str, object]]:
    """Views of what was found.

    Parameters
    ----------
    commit
        The one that is shown, where the last commit of each path is wanted.
    """
    last: dict[int, Commit] = {}
    newest: dict[str, int] = {}
    if commit is not None:
        for path, entry in page:
            newest[path] = (
                entry.seq if entry else max(each.seq for each in snapshot.scan(f"{path}/", f"{path}/\U0010ffff"))
            )
        last = last_commits(connection, (Entry(path, 0, "", "", False, seq) for path, seq in newest.items()))
    views = []
    for path, entry in page:
        of = last.get(newest[path], commit) if commit is not None else None
        views.append(entry_view(entry, of) if entry else folder_view(snapshot, path, of))
    return views
