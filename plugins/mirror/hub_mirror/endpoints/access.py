"""Asking for access to gated repositories, and granting it."""

from __future__ import annotations

import sqlite3
from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse, Response

from hub_mirror.call import Call, answer
from hub_mirror.catalogue.accounts import find_account
from hub_mirror.catalogue.repos import Repo, may_administer, require
from hub_mirror.clock import now
from hub_mirror.refusals import Refusal, forbidden, invalid, no_repository
from hub_mirror.routing import route

__all__: list[str] = []

_STATUSES = ("pending", "accepted", "rejected")


@route("/{R}/ask-access", "POST")
async def ask(call: Call) -> Response:
    """Ask for access; where the gate is `auto`, have it at once."""
    if call.caller.account is None:
        raise no_repository(call.repository, known=False)
    browser = call.request.headers.get("authorization", "").lower().startswith("basic")
    proof = dict(parse_qsl((await call.body(10_000)).decode("ascii", "replace"))).get("proof", "") if browser else ""

    def work(connection: sqlite3.Connection) -> tuple[Repo, str]:
        repo = call.repo(connection)
        if not repo.gated:
            raise invalid(f"{repo.fullname} is not gated")
        if browser and not call.service.signed(proof, "ask", repo.id, call.caller.id):
            raise forbidden("The form has expired, or another site sent it: open the page again")
        status = "accepted" if repo.gated == "auto" else "pending"
        connection.execute(
            "INSERT INTO access (repo, account, status, date) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (repo.id, call.caller.id, status, now()),
        )
        row = connection.execute(
            "SELECT status FROM access WHERE repo = ? AND account = ?", (repo.id, call.caller.id)
        ).fetchone()
        return repo, row[0]

    repo, status = await call.write(work)
    if "text/html" in call.request.headers.get("accept", ""):
        return RedirectResponse(call.page_of(repo), 303)
    return answer({"status": status})


@route("/api/{kinds}/{owner}/{name}/user-access-request/{status}")
async def requests(call: Call) -> Response:
    """Who has asked, by what became of it."""
    status = call.values["status"]
    if status not in _STATUSES:
        raise Refusal(404, f"Requests are {', '.join(_STATUSES)}")

    def work(connection: sqlite3.Connection) -> list[dict[str, object]]:
        repo = _administered(call, connection)
        rows = connection.execute(
            "SELECT access.id, access.date, accounts.name, accounts.fullname, accounts.email FROM access"
            " JOIN accounts ON accounts.id = access.account WHERE repo = ? AND status = ? ORDER BY access.id",
            (repo.id, status),
        )
        return [
            {
                "requestId": f"{row['id']:024x}",
                "user": {"user": row["name"], "fullname": row["fullname"] or row["name"], "email": row["email"]},
                "status": status,
                "timestamp": row["date"],
            }
            for row in rows
        ]

    return answer(await call.read(work))


@route("/api/{kinds}/{owner}/{name}/user-access-request/handle", "POST")
async def handle(call: Call) -> Response:
    """Accept, reject, or put back a request."""
    body = await call.json()
    status = body.get("status")
    if status not in _STATUSES:
        raise invalid(f"'status' is one of {', '.join(_STATUSES)}")
    reason = body.get("rejectionReason")

    def work(connection: sqlite3.Connection) -> None:
        repo = _gated(call, connection)
        number = body.get("requestId")
        if isinstance(number, str) and len(number) == 24:
            where, value = "id = ?", int(number, 16)
        else:
            where, value = "account = ?", _account(connection, body.get("user"))
        query = f"SELECT id, status FROM access WHERE repo = ? AND {where}"  # noqa: S608  # values are bound
        found = connection.execute(query, (repo.id, value)).fetchone()
        if found is None:
            raise Refusal(404, "There is no such request")
        if found["status"] == status:
            raise Refusal(404, f"The request is {status} already")
        connection.execute(
            "UPDATE access SET status = ?, reason = ? WHERE id = ?",
            (status, reason if isinstance(reason, str) else "", found["id"]),
        )

    await call.write(work)
    return answer({})


@route("/api/{kinds}/{owner}/{name}/user-access-request/grant", "POST")
async def grant(call: Call) -> Response:
    """Give access to somebody who has not asked."""
    body = await call.json()

    def work(connection: sqlite3.Connection) -> None:
        repo = _gated(call, connection)
        account = _account(connection, body.get("user"))
        row = connection.execute(
            "SELECT status FROM access WHERE repo = ? AND account = ?", (repo.id, account)
        ).fetchone()
        if row is not None and row[0] == "accepted":
            raise invalid("This user has access already")
        connection.execute(
            "INSERT INTO access (repo, account, status, date) VALUES (?, ?, 'accepted', ?)"
            " ON CONFLICT (repo, account) DO UPDATE SET status = 'accepted'",
            (repo.id, account, now()),
        )

    await call.write(work)
    return answer({})


def _administered(call: Call, connection: sqlite3.Connection) -> Repo:
    repo = call.repo(connection)
    require(may_administer(call.caller, repo), call.caller, repo)
    return repo


def _gated(call: Call, connection: sqlite3.Connection) -> Repo:
    repo = _administered(call, connection)
    if not repo.gated:
        raise invalid(f"{repo.fullname} is not gated")
    return repo


def _account(connection: sqlite3.Connection, name: object) -> int:
    found = find_account(connection, name) if isinstance(name, str) else None
    if found is None or found.kind != "user":
        raise Refusal(404, f"There is no user {str(name)[:100]!r}")
    return found.id
