"""Pages of no single repository: lists of a kind or of somebody, searched and filtered; logging in; the style."""

from __future__ import annotations

import re
from importlib.resources import files
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from hub_mirror.call import Call
from hub_mirror.catalogue.accounts import find_account
from hub_mirror.endpoints.listing import rows_of
from hub_mirror.refusals import Refusal
from hub_mirror.rendering import framed, page
from hub_mirror.routing import route

__all__: list[str] = []

_HEADINGS = {"model": "Models", "dataset": "Datasets", "space": "Spaces"}
_OWN = re.compile(r"/(?![/\\])[!-~]*\Z")
"""Addresses on this hub, and none that a browser takes for another host."""
_FILTERS = ("pipeline_tag", "filter", "library")
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
    return await _list(call, call.query("author") or _HEADINGS[call.values["kind"]], call.query("author"))


@route("/login")
async def login(call: Call) -> Response:
    """Have the browser ask for name and token, which it then shows everywhere; go back to where one was."""
    if not call.caller.known:
        raise Refusal(401, "This hub does not know you yet.")
    back = call.query("next")
    return RedirectResponse(back if _OWN.match(back) else "/", 303)


@route("/{owner}")
async def account(call: Call) -> Response:
    """Models of a user or an organisation."""
    name = call.values["owner"]
    found = await call.read(lambda connection: find_account(connection, name))
    if found is None:
        raise Refusal(404, "There is nobody of that name")
    return await _list(call, found.fullname or found.name, author=found.name)


async def _list(call: Call, heading: str, author: str = "") -> Response:
    rows, next_ = await call.read(lambda connection: rows_of(call, connection, author=author))
    given = [(name, value) for name, value in call.request.query_params.multi_items() if name != "cursor" and value]
    others = [pair for pair in given if pair[0] != "sort"]
    return page(
        "list.html",
        heading=heading,
        author=author,
        repos=rows,
        next=next_,
        search=call.query("search"),
        sort=call.query("sort") or "lastModified",
        sorts={name: f"?{urlencode([*others, ('sort', name)])}" for name in ("downloads", "lastModified")},
        kept=[pair for pair in given if pair[0] != "search"],
        filters=[
            (pair[1], f"?{urlencode([one for one in given if one != pair])}") for pair in given if pair[0] in _FILTERS
        ],
        **framed(call),
    )
