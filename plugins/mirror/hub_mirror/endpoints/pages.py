"""Pages for people: lists, cards, files, history, discussions. They only show; everything is changed by clients."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from itertools import islice
from typing import Any

import msgspec
from starlette.responses import Response

from hub_mirror.call import Call, quoted
from hub_mirror.catalogue.accounts import find_account
from hub_mirror.catalogue.commits import find_commit, find_ref, history, resolve
from hub_mirror.catalogue.discussions import events_of, find_discussion, list_discussions
from hub_mirror.catalogue.holdings import known_oid
from hub_mirror.catalogue.repos import Repo
from hub_mirror.endpoints.listing import rows_of
from hub_mirror.gate import check_gate
from hub_mirror.merging import compare, diff_text
from hub_mirror.refusals import Refusal, no_entry, no_revision
from hub_mirror.rendering import card_html, page
from hub_mirror.routing import route
from hub_mirror.snapshots import EMPTY, Entry
from hub_mirror.upstream.proxy import ensure_repo

__all__: list[str] = []

_PAGE = 100
_SHOWN = 256_000
_HEADINGS = {"model": "Models", "dataset": "Datasets", "space": "Spaces"}
_TYPES = {"style.css": "text/css", "avatar.svg": "image/svg+xml"}


@route("/static/{file}")
async def static(call: Call) -> Response:
    """What pages are drawn with."""
    name = call.values["file"]
    if name not in _TYPES:
        raise Refusal(404, "There is nothing at this address")
    content = (files("hub_mirror") / "pages" / name).read_bytes()
    return Response(content, headers={"Cache-Control": "public, max-age=3600"}, media_type=_TYPES[name])


@route("/")
@route("/{kinds}")
async def lists(call: Call) -> Response:
    """Repositories of a kind."""
    return await _list(call, _HEADINGS[call.values["kind"]])


@route("/{owner}")
async def account(call: Call) -> Response:
    """Models of a user or an organisation."""
    name = call.values["owner"]
    found = await call.read(lambda connection: find_account(connection, name))
    if found is None:
        raise Refusal(404, "There is nobody of that name")
    return await _list(call, found.fullname or found.name, author=found.name)


@route("/{R}")
async def card(call: Call) -> Response:
    """The card of a repository."""
    await ensure_repo(call)

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        shown = _shown(call, connection)
        repo: Repo = shown["repo"]
        text = _text(call, connection, repo, _entry(call, connection, repo, "README.md")) if repo.head else ""
        tags = msgspec.json.decode(repo.tags)
        return {
            **shown,
            "tags": tags[:50],
            "card": card_html(text or "This repository has no card.", f"{shown['base']}/resolve/main"),
        }

    return page("card.html", **await call.read(work))


@route("/{R}/tree/{revision}")
@route("/{R}/tree/{revision}/{path*}")
async def tree(call: Call) -> Response:
    """Files of a folder."""
    await ensure_repo(call)
    path = call.values.get("path", "").strip("/")

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        shown = _shown(call, connection)
        commit = resolve(connection, shown["repo"], call.revision)
        snapshot = call.service.snapshots.open(connection, commit.tree)
        if not snapshot.has_folder(path):
            raise no_entry(path, commit.oid)
        entries = list(islice(snapshot.folder(path, call.query("after")), _PAGE + 1))
        parts = path.split("/") if path else []
        crumbs = [(part, "/".join(parts[: index + 1])) for index, part in enumerate(parts)]
        more = entries[_PAGE - 1][0] if len(entries) > _PAGE else ""
        return {
            **shown,
            "commit": commit,
            "revision": call.revision,
            "entries": entries[:_PAGE],
            "crumbs": crumbs,
            "more": more,
        }

    return page("tree.html", **await call.read(work))


@route("/{R}/blob/{revision}/{path*}")
async def blob(call: Call) -> Response:
    """A file, shown where it is a text."""
    await ensure_repo(call)

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        shown = _shown(call, connection)
        commit = resolve(connection, shown["repo"], call.revision)
        path = call.values["path"]
        entry = call.service.snapshots.open(connection, commit.tree).get(path)
        if entry is None:
            raise no_entry(path, commit.oid)
        check_gate(connection, shown["repo"], call.caller)
        text = _text(call, connection, shown["repo"], entry) if not entry.lfs and entry.size <= _SHOWN else None
        return {**shown, "commit": commit, "entry": entry, "path": path, "text": text}

    return page("blob.html", **await call.read(work))


@route("/{R}/commits/{revision}")
async def commits(call: Call) -> Response:
    """History of a revision."""
    number = int(call.query("p")) if call.query("p").isdigit() and len(call.query("p")) < 6 else 0

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        shown = _shown(call, connection)
        start = resolve(connection, shown["repo"], call.revision)
        found = list(islice(history(connection, shown["repo"], start.oid), number * _PAGE, (number + 1) * _PAGE + 1))
        return {**shown, "commits": found[:_PAGE], "more": number + 1 if len(found) > _PAGE else 0}

    return page("commits.html", **await call.read(work))


@route("/{R}/commit/{revision}")
async def commit(call: Call) -> Response:
    """A commit with its changes."""

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        shown = _shown(call, connection)
        found = find_commit(connection, shown["repo"], call.revision)
        if found is None:
            raise no_revision(call.revision)
        check_gate(connection, shown["repo"], call.caller)
        parent = find_commit(connection, shown["repo"], found.parents[0]) if found.parents else None
        before = call.service.snapshots.open(connection, parent.tree if parent else EMPTY)
        changes = tuple(before.differences(call.service.snapshots.open(connection, found.tree)))
        return {**shown, "commit": found, "diff": diff_text(call.service, changes)}

    return page("commit.html", **await call.read(work))


@route("/{R}/discussions")
async def discussions(call: Call) -> Response:
    """Discussions and pull requests."""

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        shown = _shown(call, connection)
        rows = list_discussions(connection, shown["repo"], pull=None, status="", author="")
        return {**shown, "rows": [dict(row) for row in rows]}

    return page("discussions.html", **await call.read(work))


@route("/{R}/discussions/{num}")
async def discussion(call: Call) -> Response:
    """A discussion with all that was said, and the changes of a pull request."""
    number = int(call.values["num"]) if call.values["num"].isdigit() and len(call.values["num"]) < 10 else 0

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        shown = _shown(call, connection)
        repo = shown["repo"]
        row = find_discussion(connection, repo, number)
        events = [_event(event, shown["base"]) for event in events_of(connection, repo, number)]
        diff = ""
        if row["pull"]:
            check_gate(connection, repo, call.caller)
            base = row["fork"] if row["merged"] else find_ref(connection, repo, row["base"])
            diff = diff_text(
                call.service,
                compare(connection, call.service, repo, base, find_ref(connection, repo, f"refs/pr/{number}")).changes,
            )
        return {**shown, "row": dict(row), "events": events, "diff": diff}

    return page("discussion.html", **await call.read(work))


def _event(row: sqlite3.Row, base: str) -> dict[str, object]:
    data = msgspec.json.decode(row["data"])
    said = {
        "comment": "said",
        "commit": f"committed {data.get('subject', '')}",
        "status-change": f"set it to {data.get('status', '')}",
        "title-change": f"called it {data.get('to', '')}",
    }.get(row["kind"], row["kind"])
    html = card_html(data["text"], f"{base}/resolve/main") if row["kind"] == "comment" and data["text"] else ""
    return {"author": row["author"], "created": row["created"], "said": said, "html": html}


async def _list(call: Call, heading: str, author: str = "") -> Response:
    rows, next_ = await call.read(lambda connection: rows_of(call, connection, author=author))
    search = call.query("search")
    return page("list.html", heading=heading, repos=rows, next=next_, search=search, caller=_name(call))


def _shown(call: Call, connection: sqlite3.Connection) -> dict[str, Any]:
    """What every page of a repository shows."""
    repo = call.repo(connection)
    ask, said = "", ""
    if repo.gated:
        try:
            check_gate(connection, repo, call.caller)
        except Refusal:
            row = connection.execute(
                "SELECT status FROM access WHERE repo = ? AND account = ?", (repo.id, call.caller.id)
            ).fetchone()
            known = call.caller.known and row is None
            ask = call.service.sign("ask", repo.id, call.caller.id) if known else "done"
            said = f"Your request: {row[0]}." if row else "" if call.caller.known else "Log in to ask."
    base = f"/{repo.prefix}{quoted(repo.fullname)}"
    return {"repo": repo, "base": base, "caller": _name(call), "ask": ask, "ask_said": said}


def _name(call: Call) -> str:
    return call.caller.name if call.caller.known else "not logged in"


def _entry(call: Call, connection: sqlite3.Connection, repo: Repo, path: str) -> Entry | None:
    return call.service.snapshots.open(connection, resolve(connection, repo, repo.head).tree).get(path)


def _text(call: Call, connection: sqlite3.Connection, repo: Repo, entry: Entry | None) -> str | None:
    if entry is None or entry.size > 4 * _SHOWN:
        return None
    sha256 = entry.sha256 or known_oid(connection, repo, entry.oid)
    try:
        return call.service.blobs.path(sha256).read_bytes().decode() if sha256 else None
    except (OSError, UnicodeDecodeError):
        return None
