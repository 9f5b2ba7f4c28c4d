"""`GET /`: the web page and its two files, with a policy that lets it load nothing else and be framed by nobody."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from hub.server.service import Service
from hub.server.web import Request, Response

__all__ = ["FILES", "page"]

FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


async def page(request: Request, _: Service) -> Response:
    """The page, its look, or what it does."""
    name, kind = FILES[request.url.path]
    return Response(_content(name), headers={**_HEADERS, "Content-Type": kind})


@cache
def _content(name: str) -> bytes:
    return (files("hub.server.page") / name).read_bytes()
