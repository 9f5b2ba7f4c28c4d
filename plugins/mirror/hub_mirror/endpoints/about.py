"""What clients ask beside repositories: is the hub well, is a card well formed, what is counted."""

from __future__ import annotations

import sqlite3

from starlette.responses import PlainTextResponse, Response

from hub_mirror.call import Call, answer
from hub_mirror.cards import CardFault, metadata
from hub_mirror.refusals import forbidden
from hub_mirror.routing import route

__all__: list[str] = []


@route("/healthz")
async def health(call: Call) -> Response:
    """Whether the catalogue can be read."""
    await call.read(lambda connection: connection.execute("SELECT 1 FROM repos LIMIT 1").fetchone())
    return answer({"status": "ok"})


@route("/metrics")
async def metrics(call: Call) -> Response:
    """Counters, for Prometheus. To this machine, or with the token of somebody who runs the hub."""
    here = call.request.client is not None and call.request.client.host in {"127.0.0.1", "::1"}
    if not here and not call.caller.admin:
        raise forbidden("Metrics are for this machine, or for the token of an administrator")

    def gauges(database: sqlite3.Connection) -> dict[str, float]:
        repos = dict(map(tuple, database.execute("SELECT kind, COUNT(*) FROM repos GROUP BY kind")))
        count, size = database.execute("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM objects").fetchone()
        kinds = {f'hub_repositories{{kind="{kind}"}}': float(number) for kind, number in repos.items()}
        return {**kinds, "hub_contents": count, "hub_contents_bytes": size}

    extra = await call.read(gauges)
    return PlainTextResponse(call.request.state.metrics.text(extra), media_type="text/plain; version=0.0.4")


@route("/api/telemetry/{topic*}", "HEAD", "GET")
@route("/v1/telemetry", "POST")
async def telemetry(_: Call) -> Response:
    """Clients tell what they do; nothing is kept."""
    return Response()


@route("/api/agent-harnesses")
async def harnesses(_: Call) -> Response:
    """A list that clients look at once a day; it is empty here."""
    return answer({"standardEnvVars": [], "harnesses": []})


@route("/api/models-tags-by-type")
@route("/api/datasets-tags-by-type")
async def tags(call: Call) -> Response:
    """Tags that are in use, by the word before their colon."""
    kind = "model" if "models" in call.request.url.path else "dataset"
    rows = await call.read(
        lambda connection: connection.execute(
            "SELECT DISTINCT tag FROM tags JOIN repos ON repos.id = tags.repo"
            " WHERE kind = ? AND private = 0 ORDER BY tag",
            (kind,),
        ).fetchall()
    )
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        type_, colon, label = str(row[0]).partition(":")
        name = type_ if colon else "other"
        found.setdefault(name, []).append({"id": row[0], "label": label or row[0], "type": name})
    return answer(found)


@route("/api/validate-yaml", "POST")
async def validate(call: Call) -> Response:
    """Whether the metadata of a README can be read; clients ask before they commit one."""
    body = await call.json()
    content = body.get("content")
    try:
        card = metadata(content if isinstance(content, str) else "")
    except CardFault as error:
        return answer({"errors": [{"message": str(error)}], "warnings": [], "error": str(error)}, 400)
    warnings = [] if card else [{"message": "empty or missing yaml metadata in repo card"}]
    return answer({"errors": [], "warnings": warnings})
