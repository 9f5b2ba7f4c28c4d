"""`GET /` and `GET /page/…`: the web page and its files, with a policy that lets it load nothing of other hosts."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from hub.server.service import Service
from hub.server.web import Request, Response

__all__ = ["PATHS", "page"]

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
_NAMES = sorted(each.name for each in files("hub.server.page").iterdir() if each.name.endswith((".css", ".js")))
_FILES = {"/": "index.html", **{f"/page/{name}": name for name in _NAMES}}
PATHS = tuple(_FILES)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; media-src blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


async def page(request: Request, _: Service) -> Response:
    """The page, its look, or a part of what it does."""
    name = _FILES[request.url.path]
    content, tag = _content(name)
    headers = {**_HEADERS, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers={**headers, "Content-Type": _KINDS[name[name.rindex(".") :]]})


@cache
def _content(name: str) -> tuple[bytes, str]:
    content = (files("hub.server.page") / name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
