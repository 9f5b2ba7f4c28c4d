"""Pages of a repository: card, files, history, discussions. They only show; everything is changed by clients."""

from __future__ import annotations

import sqlite3
from itertools import islice
from typing import Any

import msgspec
from starlette.responses import Response

from hub_mirror.call import Call, quoted
from hub_mirror.catalogue.commits import HEADS, MAIN, TAGS, find_commit, find_ref, history, list_refs, resolve
from hub_mirror.catalogue.discussions import events_of, find_discussion, list_discussions
from hub_mirror.catalogue.holdings import known_oid
from hub_mirror.catalogue.repos import Repo
from hub_mirror.gate import check_gate
from hub_mirror.merging import compare, diff_text
from hub_mirror.refusals import Refusal, no_entry, no_revision
from hub_mirror.rendering import card_html, framed, page
from hub_mirror.routing import route
from hub_mirror.snapshots import EMPTY, Entry
from hub_mirror.upstream.proxy import ensure_repo

__all__: list[str] = []

_PAGE = 100
_SHOWN = 256_000


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
            "tab": "Card",
            "tags": tags[:50],
            "use": _use(call, repo),
            "card": card_html(text or "This repository has no card: a README.md says what it is.", shown["base"]),
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
        more = entries[_PAGE - 1][0] if len(entries) > _PAGE else ""
        return {
            **shown,
            "tab": "Files",
            "commit": commit,
            "refs": _refs(connection, shown["repo"]),
            "revision": call.revision,
            "entries": entries[:_PAGE],
            "crumbs": _crumbs(path),
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
        at = {"revision": call.revision, "crumbs": _crumbs(path.rpartition("/")[0])}
        return {**shown, "tab": "Files", "commit": commit, "entry": entry, "file": path, "text": text, **at}

    return page("blob.html", **await call.read(work))


@route("/{R}/commits/{revision}")
async def commits(call: Call) -> Response:
    """History of a revision."""
    number = int(call.query("p")) if call.query("p").isdigit() and len(call.query("p")) < 6 else 0

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        shown = _shown(call, connection)
        start = resolve(connection, shown["repo"], call.revision)
        found = list(islice(history(connection, shown["repo"], start.oid), number * _PAGE, (number + 1) * _PAGE + 1))
        return {**shown, "tab": "History", "commits": found[:_PAGE], "more": number + 1 if len(found) > _PAGE else 0}

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
        return {**shown, "tab": "History", "commit": found, "diff": diff_text(call.service, changes)}

    return page("commit.html", **await call.read(work))


@route("/{R}/discussions")
async def discussions(call: Call) -> Response:
    """Discussions and pull requests."""

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        shown = _shown(call, connection)
        rows = list_discussions(connection, shown["repo"], pull=None, status="", author="")
        return {**shown, "tab": "Discussions", "rows": [dict(row) for row in rows]}

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
        return {**shown, "tab": "Discussions", "row": dict(row), "events": events, "diff": diff}

    return page("discussion.html", **await call.read(work))


def _event(row: sqlite3.Row, base: str) -> dict[str, object]:
    data = msgspec.json.decode(row["data"])
    said = {
        "comment": "said",
        "commit": f"committed {data.get('subject', '')}",
        "status-change": f"set it to {data.get('status', '')}",
        "title-change": f"called it {data.get('to', '')}",
    }.get(row["kind"], row["kind"])
    html = card_html(data["text"], base) if row["kind"] == "comment" and data["text"] else ""
    return {"author": row["author"], "created": row["created"], "said": said, "html": html}


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
    return {"repo": repo, "base": base, "ask": ask, "ask_said": said, **framed(call)}


def _use(call: Call, repo: Repo) -> str:
    """Lines for a shell with which somebody has this repository."""
    lines = [f"export HF_ENDPOINT={call.base}"]
    if repo.private or repo.gated:
        lines.append("export HF_TOKEN=hf_...")
    kind = "" if repo.kind == "model" else f" --repo-type {repo.kind}"
    lines.append(f"hf download {repo.fullname}{kind}")
    return "\n".join([*lines, f"hub run hf:{repo.fullname}"] if repo.kind == "model" else lines)


def _refs(connection: sqlite3.Connection, repo: Repo) -> list[str]:
    """Revisions to choose from: branches, tags, pull requests."""
    names = [name for name, _ in list_refs(connection, repo)]
    return [name.removeprefix(HEADS).removeprefix(TAGS) for name in sorted(names, key=_rank)]


def _rank(name: str) -> tuple[int, str]:
    order = (MAIN, HEADS, TAGS)
    return next((place for place, start in enumerate(order) if name.startswith(start)), len(order)), name


def _crumbs(path: str) -> list[tuple[str, str]]:
    """Names of the folders on the way to a path, with their own paths."""
    parts = path.split("/") if path else []
    return [(part, "/".join(parts[: index + 1])) for index, part in enumerate(parts)]


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
