"""What a repository is, and lists of repositories: searched, filtered, sorted, in pages."""

from __future__ import annotations

import base64
import sqlite3
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from hub_mirror.call import Call, answer
from hub_mirror.catalogue.commits import resolve
from hub_mirror.catalogue.repos import Repo, from_row
from hub_mirror.refusals import invalid, no_revision
from hub_mirror.routing import route
from hub_mirror.upstream.proxy import ensure_repo
from hub_mirror.views import repo_view, siblings

__all__ = ["rows_of"]

_SORTS = {
    "lastModified": "modified",
    "createdAt": "created",
    "downloads": "downloads",
    "trendingScore": "downloads",
    "likes": "downloads",
    "id": "key",
}
_PAGE = 200
_LARGEST_PAGE = 1000


@route("/api/{kinds}/{name}")
@route("/api/{kinds}/{name}/revision/{revision}")
@route("/api/{kinds}/{owner}/{name}")
@route("/api/{kinds}/{owner}/{name}/revision/{revision}")
async def info(call: Call) -> Response:
    """A repository at a revision, with its files."""
    await ensure_repo(call)
    expand = call.queries("expand")

    def work(connection: sqlite3.Connection) -> dict[str, object]:
        repo = call.repo(connection)
        if not repo.head and "revision" not in call.values:
            return {**repo_view(repo), "siblings": []}
        if not repo.head and call.revision != "main":
            raise no_revision(call.revision)
        commit = resolve(connection, repo, call.revision)
        snapshot = call.service.snapshots.open(connection, commit.tree)
        view = repo_view(repo, sha=commit.oid, modified=commit.date)
        wanted = not expand or "siblings" in expand
        if wanted:
            view["siblings"] = siblings(snapshot, blobs=call.flag("blobs"))
        view["usedStorage"] = snapshot.size
        return _expanded(view, expand)

    return answer(await call.read(work))


@route("/api/{kinds}")
async def listing(call: Call) -> Response:
    """Repositories that the caller may see, a page at a time; `Link` leads to the next."""
    rows, next_ = await call.read(lambda connection: rows_of(call, connection))
    expand = call.queries("expand")
    full = call.flag("full")
    found = []
    for repo in rows:
        view = repo_view(
            repo,
            card=full or call.flag("cardData") or "cardData" in expand,
            config=call.flag("config") or "config" in expand,
        )
        if full or "siblings" in expand:
            view["siblings"] = await call.read(lambda connection, repo=repo: _siblings(call, connection, repo))  # type: ignore[misc]
        found.append(_expanded(view, expand))
    headers = {"Link": f'<{next_}>; rel="next"'} if next_ else {}
    return answer(found, headers=headers)


def _siblings(call: Call, connection: sqlite3.Connection, repo: Repo) -> list[dict[str, object]]:
    if not repo.head:
        return []
    return siblings(call.service.snapshots.open(connection, resolve(connection, repo, repo.head).tree), blobs=False)


def _expanded(view: dict[str, object], expand: list[str]) -> dict[str, object]:
    if not expand:
        return view
    return {name: value for name, value in view.items() if name in {"_id", "id", *expand}}


def rows_of(call: Call, connection: sqlite3.Connection, *, author: str = "") -> tuple[list[Repo], str]:
    """A page of the repositories that a call asks for, and the address of the next one."""
    where, values = _conditions(call, author)
    given = call.query("sort") or "lastModified"
    if given not in _SORTS:
        raise invalid(f"sort is one of {', '.join(_SORTS)}")
    column = _SORTS[given]
    down = call.query("direction") != "1" and column != "key"
    size = _size(call)
    if cursor := call.query("cursor"):
        where.append(f"({column}, repos.id) {'<' if down else '>'} (?, ?)")
        values += _uncursor(cursor)
    order = "DESC" if down else "ASC"
    columns = ", ".join(f"repos.{name}" for name in Repo.__dataclass_fields__)
    rows = connection.execute(
        f"SELECT {columns} FROM repos WHERE {' AND '.join(where)} ORDER BY {column} {order}, repos.id {order} LIMIT ?",  # noqa: S608  # columns are ours, values are bound
        (*values, size + 1),
    ).fetchall()
    repos = [from_row(row) for row in rows[:size]]
    if len(rows) <= size:
        return repos, ""
    pairs = [(name, value) for name, value in call.request.query_params.multi_items() if name != "cursor"]
    mark = msgspec.json.encode(
        [getattr(repos[-1], column) if column != "key" else repos[-1].fullname.lower(), repos[-1].id]
    )
    pairs.append(("cursor", base64.urlsafe_b64encode(mark).decode()))
    return repos, f"{call.base}{call.request.url.path}?{urlencode(pairs)}"


def _conditions(call: Call, author: str) -> tuple[list[str], list[object]]:
    caller = call.caller
    where, values = ["repos.kind = ?"], list[object]([call.values["kind"]])
    if not caller.admin:
        marks = ", ".join("?" * (len(caller.orgs) + 1))
        where.append(f"(private = 0 OR owner IN ({marks}))")
        values += [caller.id, *caller.orgs]
    for word in call.query("search").lower().split():
        where.append("key LIKE ? ESCAPE '!'")
        values.append("%" + word.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%")
    if author := author or call.query("author"):
        where.append("owner = (SELECT id FROM accounts WHERE name = ?)")
        values.append(author)
    tags = [tag for given in call.queries("filter") for tag in given.split(",")]
    tags += [call.query("library")] if call.query("library") else []
    for tag in tags:
        where.append("repos.id IN (SELECT repo FROM tags WHERE tag = ?)")
        values.append(tag)
    if task := call.query("pipeline_tag"):
        where.append("task = ?")
        values.append(task)
    if gated := call.query("gated"):
        where.append(
            "gated <> ''" if gated.lower() == "true" else "gated = ''" if gated.lower() == "false" else "gated = ?"
        )
        values += [gated] if gated.lower() not in {"true", "false"} else []
    return where, values


def _size(call: Call) -> int:
    given = call.query("limit")
    if given and not given.isdigit():
        raise invalid("limit is a number")
    return min(max(int(given), 1), _LARGEST_PAGE) if given else _PAGE


def _uncursor(text: str) -> list[object]:
    try:
        value, number = msgspec.json.decode(base64.urlsafe_b64decode(text), type=tuple[str | int, int])
    except (ValueError, msgspec.MsgspecError) as error:
        raise invalid("cursor is not one that this hub gave out") from error
    return [value, number]
