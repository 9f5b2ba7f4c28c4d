"""Who somebody is: the owner of a token, a user, an organisation with its members."""

from __future__ import annotations

import sqlite3

from starlette.responses import Response

from hub_mirror.call import Call, answer
from hub_mirror.catalogue.accounts import Account, find_account, members_of
from hub_mirror.refusals import Refusal
from hub_mirror.routing import route

__all__: list[str] = []


@route("/api/whoami-v2")
async def whoami(call: Call) -> Response:
    """Account, organisations and role of a token."""
    account = call.caller.account
    if account is None:
        raise Refusal(401, "Invalid username or password.")

    def orgs(connection: sqlite3.Connection) -> list[dict[str, object]]:
        found = []
        for org, role in call.caller.orgs.items():
            row = connection.execute("SELECT name, fullname FROM accounts WHERE id = ?", (org,)).fetchone()
            found.append(
                {**_person(row["name"], row["fullname"], org, "org"), "roleInOrg": role, "isEnterprise": False}
            )
        return found

    return answer(
        {
            **_person(account.name, account.fullname, account.id, "user"),
            "email": account.email or None,
            "emailVerified": True,
            "canPay": False,
            "isPro": False,
            "periodEnd": None,
            "orgs": await call.read(orgs),
            "auth": {
                "type": "access_token",
                "accessToken": {
                    "displayName": call.caller.token,
                    "role": "write" if call.caller.writes else "read",
                    "createdAt": account.created,
                },
            },
        }
    )


@route("/api/users/{owner}/overview")
async def user(call: Call) -> Response:
    """What is shown of a user."""
    found, counts = await call.read(lambda connection: _overview(connection, call.values["owner"], "user"))
    return answer(
        {**_person(found.name, found.fullname, found.id, "user"), "user": found.name, "isPro": False, **counts}
    )


@route("/api/organizations/{owner}/overview")
async def organization(call: Call) -> Response:
    """What is shown of an organisation."""
    found, counts = await call.read(lambda connection: _overview(connection, call.values["owner"], "org"))
    return answer({**_person(found.name, found.fullname, found.id, "org"), "isVerified": False, **counts})


@route("/api/organizations/{owner}/members")
async def members(call: Call) -> Response:
    """Members of an organisation, for those who are in it."""

    def work(connection: sqlite3.Connection) -> list[dict[str, object]]:
        found, _ = _overview(connection, call.values["owner"], "org")
        if not (call.caller.admin or found.id in call.caller.orgs):
            raise Refusal(403, f"Only members of '{found.name}' may see who they are")
        return [
            {**_person(each.name, each.fullname, each.id, "user"), "user": each.name, "isPro": False, "role": role}
            for each, role in members_of(connection, found.name)
        ]

    return answer(await call.read(work))


def _overview(connection: sqlite3.Connection, name: str, kind: str) -> tuple[Account, dict[str, int]]:
    found = find_account(connection, name)
    if found is None or found.kind != kind:
        raise Refusal(404, f"There is no account '{name}'")
    rows = connection.execute(
        "SELECT kind, COUNT(*) FROM repos WHERE owner = ? AND private = 0 GROUP BY kind", (found.id,)
    )
    counts = dict(map(tuple, rows))
    users = connection.execute("SELECT COUNT(*) FROM members WHERE org = ?", (found.id,)).fetchone()[0]
    return found, {
        "numModels": counts.get("model", 0),
        "numDatasets": counts.get("dataset", 0),
        "numSpaces": counts.get("space", 0),
        "numUsers": users,
        "numFollowers": 0,
        "numLikes": 0,
    }


def _person(name: str, fullname: str, number: int, kind: str) -> dict[str, object]:
    return {
        "type": kind,
        "id": f"{number:024x}",
        "name": name,
        "fullname": fullname or name,
        "avatarUrl": "/static/avatar.svg",
    }
