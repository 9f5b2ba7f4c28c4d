"""Discussions and pull requests: listed, opened, commented, renamed, closed, merged."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec
from starlette.responses import Response

from hub_mirror.call import Call, answer
from hub_mirror.catalogue.commits import MAIN, find_ref, move_ref, resolve
from hub_mirror.catalogue.discussions import (
    add_event,
    events_of,
    find_discussion,
    list_discussions,
    open_discussion,
    set_status,
    set_title,
)
from hub_mirror.catalogue.repos import Repo, may_write, require
from hub_mirror.clock import now
from hub_mirror.committing import describe
from hub_mirror.discussion_views import discussion_view, event_view
from hub_mirror.gate import may_have_files
from hub_mirror.merging import compare, diff_text, merge
from hub_mirror.refusals import Refusal, forbidden, invalid
from hub_mirror.routing import route

__all__: list[str] = []

_PAGE = 50
_LONGEST = 65_536


@route("/api/{kinds}/{owner}/{name}/discussions")
async def listing(call: Call) -> Response:
    """Discussions and pull requests, a page at a time."""
    page = int(call.query("p")) if call.query("p").isdigit() else 0
    kind = call.query("type")
    status = call.query("status")

    def work(connection: sqlite3.Connection) -> dict[str, object]:
        repo = call.repo(connection)
        rows = list_discussions(
            connection,
            repo,
            pull={"pull_request": True, "discussion": False}.get(kind),
            status=status if status in {"open", "closed"} else "",
            author=call.query("author"),
        )
        start = page * _PAGE
        return {
            "count": len(rows),
            "start": start,
            "discussions": [discussion_view(repo, row) for row in rows[start : start + _PAGE]],
            "numClosedDiscussions": sum(row["status"] in {"closed", "merged"} for row in rows),
        }

    return answer(await call.read(work))


@route("/api/{kinds}/{owner}/{name}/discussions", "POST")
async def create(call: Call) -> Response:
    """Open a discussion, or a pull request without commits (a draft)."""
    body = await call.json()
    title, text, pull = (
        _text(body, "title", 3, 200),
        _text(body, "description", 0, _LONGEST),
        body.get("pullRequest") is True,
    )

    def work(connection: sqlite3.Connection) -> tuple[Repo, int]:
        repo = _known(call, connection)
        start = resolve(connection, repo, MAIN).oid if pull else ""
        number = open_discussion(
            connection,
            repo,
            title=title,
            text=text,
            author=call.caller.name,
            pull=pull,
            base=MAIN if pull else "",
            fork=start,
            status="draft" if pull else "open",
        )
        if pull:
            move_ref(connection, repo, f"refs/pr/{number}", start)
        return repo, number

    repo, number = await call.write(work)
    return answer({"num": number, "url": f"{call.page_of(repo)}/discussions/{number}", "pullRequest": pull})


@route("/api/{kinds}/{owner}/{name}/discussions/{num}")
async def details(call: Call) -> Response:
    """One of them with all that happened, and the changes of a pull request."""

    def work(connection: sqlite3.Connection) -> dict[str, object]:
        repo = call.repo(connection)
        row = find_discussion(connection, repo, _number(call))
        events = [event_view(event) for event in events_of(connection, repo, row["num"])]
        view = {**discussion_view(repo, row), "events": events}
        if row["pull"]:
            view |= _changes(call, connection, repo, row)
        return view

    return answer(await call.read(work))


@route("/api/{kinds}/{owner}/{name}/discussions/{num}/comment", "POST")
async def comment(call: Call) -> Response:
    """Say something."""
    body = await call.json()
    text = _text(body, "comment", 1, _LONGEST)

    def work(connection: sqlite3.Connection) -> dict[str, object]:
        repo = _known(call, connection)
        row = find_discussion(connection, repo, _number(call))
        number = add_event(connection, repo, row["num"], "comment", call.caller.name, {"text": text, "history": []})
        return event_view(_event(connection, repo, row["num"], number))

    return answer({"newMessage": await call.write(work)})


@route("/api/{kinds}/{owner}/{name}/discussions/{num}/comment/{event}/edit", "POST")
async def edit(call: Call) -> Response:
    """Say it otherwise; what was said stays in the history."""
    body = await call.json()
    text = _text(body, "content", 1, _LONGEST)

    def change(event: sqlite3.Row, data: dict[str, Any]) -> dict[str, Any]:
        if event["author"] != call.caller.name:
            raise forbidden("Only its author may edit a comment")
        history = [*data.get("history", []), {"text": data["text"], "date": event["created"]}]
        return {**data, "text": text, "history": history, "edited": now()}

    return await _change(call, change, "updatedComment")


@route("/api/{kinds}/{owner}/{name}/discussions/{num}/comment/{event}/hide", "POST")
async def hide(call: Call) -> Response:
    """Take back what was said, for good."""

    def change(_: sqlite3.Row, __: dict[str, Any]) -> dict[str, Any]:
        return {"text": "This comment has been hidden", "history": [], "hidden": True}

    return await _change(call, change, "updatedComment")


@route("/api/{kinds}/{owner}/{name}/discussions/{num}/title", "POST")
async def title(call: Call) -> Response:
    """Call it something else."""
    body = await call.json()
    text = _text(body, "title", 3, 200)

    def work(connection: sqlite3.Connection) -> dict[str, object]:
        repo, row = _mine(call, connection)
        set_title(connection, repo, row["num"], text)
        data = {"from": row["title"], "to": text}
        number = add_event(connection, repo, row["num"], "title-change", call.caller.name, data)
        return event_view(_event(connection, repo, row["num"], number))

    return answer({"newTitle": await call.write(work)})


@route("/api/{kinds}/{owner}/{name}/discussions/{num}/status", "POST")
async def status(call: Call) -> Response:
    """Open or close it."""
    body = await call.json()
    wanted, text = body.get("status"), body.get("comment")
    if wanted not in {"open", "closed"}:
        raise invalid("status is 'open' or 'closed'")

    def work(connection: sqlite3.Connection) -> dict[str, object]:
        repo, row = _mine(call, connection)
        if row["status"] == "merged":
            raise invalid("It is merged: that cannot be undone here")
        set_status(connection, repo, row["num"], wanted)
        if isinstance(text, str) and text:
            add_event(
                connection, repo, row["num"], "comment", call.caller.name, {"text": text[:_LONGEST], "history": []}
            )
        data = {"status": wanted}
        number = add_event(connection, repo, row["num"], "status-change", call.caller.name, data)
        return event_view(_event(connection, repo, row["num"], number))

    return answer({"newStatus": await call.write(work)})


@route("/api/{kinds}/{owner}/{name}/discussions/{num}/merge", "POST")
async def merge_pull(call: Call) -> Response:
    """Merge a pull request."""
    body = await call.json()
    text = body.get("comment")

    def work(connection: sqlite3.Connection) -> dict[str, object]:
        repo = call.repo(connection)
        require(may_write(call.caller, repo), call.caller, repo)
        row = find_discussion(connection, repo, _number(call))
        number = row["num"]
        if not row["pull"] or row["status"] in {"merged", "closed"}:
            raise invalid(f"{number} is no open pull request")
        base, head = find_ref(connection, repo, row["base"]), find_ref(connection, repo, f"refs/pr/{number}")
        made = merge(
            connection,
            call.service,
            repo,
            ref=row["base"],
            base=base,
            head=head,
            title=f"{row['title']} (#{number})",
            message="",
            author=call.caller.name,
        )
        set_status(connection, repo, number, "merged", made.oid)
        if isinstance(text, str) and text:
            add_event(connection, repo, number, "comment", call.caller.name, {"text": text[:_LONGEST], "history": []})
        event = add_event(connection, repo, number, "status-change", call.caller.name, {"status": "merged"})
        if row["base"] == MAIN:
            describe(connection, call.service, repo)
        return event_view(_event(connection, repo, number, event))

    return answer({"newStatus": await call.write(work)})


async def _change(call: Call, change: Any, name: str) -> Response:
    def work(connection: sqlite3.Connection) -> dict[str, object]:
        repo = _known(call, connection)
        row = find_discussion(connection, repo, _number(call))
        given = call.values["event"]
        event = _event(connection, repo, row["num"], int(given, 16) if len(given) == 24 else -1)
        if event["kind"] != "comment":
            raise invalid("This is no comment")
        if event["author"] != call.caller.name:
            require(may_write(call.caller, repo), call.caller, repo)
        data = change(event, msgspec.json.decode(event["data"]))
        connection.execute("UPDATE events SET data = ? WHERE id = ?", (msgspec.json.encode(data).decode(), event["id"]))
        return event_view(_event(connection, repo, row["num"], event["id"]))

    return answer({name: await call.write(work)})


def _changes(call: Call, connection: sqlite3.Connection, repo: Repo, row: sqlite3.Row) -> dict[str, object]:
    merged = row["merged"]
    base = row["fork"] if merged else find_ref(connection, repo, row["base"])
    found = compare(connection, call.service, repo, base, find_ref(connection, repo, f"refs/pr/{row['num']}"))
    changes: dict[str, object] = {"base": row["base"]}
    if merged:
        changes["mergeCommitId"] = merged
    view: dict[str, object] = {"changes": changes, "filesWithConflicts": [] if merged else list(found.conflicts)}
    if call.query("diff") and may_have_files(connection, repo, call.caller):
        view["diff"] = diff_text(call.service, found.changes)
    return view


def _event(connection: sqlite3.Connection, repo: Repo, number: int, event: int) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM events WHERE repo = ? AND num = ? AND id = ?", (repo.id, number, event)
    ).fetchone()
    if row is None:
        raise Refusal(404, "There is no such comment")
    return row


def _known(call: Call, connection: sqlite3.Connection) -> Repo:
    """Repository, for somebody who may take part: any token that writes."""
    repo = call.repo(connection)
    require(call.caller.known and call.caller.writes, call.caller, repo)
    return repo


def _mine(call: Call, connection: sqlite3.Connection) -> tuple[Repo, sqlite3.Row]:
    """Repository and discussion, for its author and those who may write."""
    repo = _known(call, connection)
    row = find_discussion(connection, repo, _number(call))
    require(row["author"] == call.caller.name or may_write(call.caller, repo), call.caller, repo)
    return repo, row


def _number(call: Call) -> int:
    given = call.values["num"]
    if not given.isdigit() or len(given) > 9:
        raise Refusal(404, "There is no such discussion")
    return int(given)


def _text(body: dict[str, Any], name: str, least: int, most: int) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or not least <= len(value.strip()) <= most:
        raise invalid(f"'{name}' has between {least} and {most} letters")
    return value.strip()
