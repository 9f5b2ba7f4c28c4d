"""The ASGI application: finds out who asks, finds the endpoint, and turns refusals into answers.

Knows nothing of single endpoints.
"""

from __future__ import annotations

import base64
import binascii
import errno
import logging
import re
import sqlite3
import time
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

import hub_mirror.endpoints
from hub_mirror.accesslog import AccessLog
from hub_mirror.call import Call, answer
from hub_mirror.catalogue.accounts import ANYBODY, Caller, caller_of
from hub_mirror.metrics import Metrics
from hub_mirror.refusals import Refusal
from hub_mirror.rendering import error_page
from hub_mirror.routing import Found, collected
from hub_mirror.service import Service

__all__ = ["Application"]

_UNPRINTABLE = re.compile(r"[^ -~]")
_LOG = logging.getLogger("hub_mirror")
_OPEN = {"/healthz", "/metrics", "/api/validate-yaml", "/api/agent-harnesses"}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SIGNED = ("/lfs/", "/xet/", "/v1/telemetry")


class Application:
    """What a worker process serves."""

    def __init__(self, service: Service) -> None:
        hub_mirror.endpoints.load()
        self.service = service
        self.router = collected()
        self.metrics = Metrics(service.places.run)
        self.log = AccessLog(service.settings.access_log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        seen = _Seen(send)
        request = Request(scope, receive)
        request.state.metrics = self.metrics
        raw = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        caller, name = ANYBODY, "none"
        self.metrics.begin()
        try:
            try:
                found = self.router.find(request.method, raw)
                caller = await self._caller(request, raw)
                if isinstance(found, Found):
                    name = found.name
                response = await self._answer(request, caller, found)
            except Exception as error:
                response = _refused(error)
                if _is_page(request, raw) and response.status_code >= 400:
                    response = _shown(request, caller, response)
                if response.status_code == 401:
                    response.headers["WWW-Authenticate"] = _challenge(request)
            await _respond(response, scope, receive, seen)
        finally:
            seconds = time.perf_counter() - started
            self.metrics.end(request.method, name, seen.status, seen.sent, seconds)
            self.log.note(request, raw, caller.name, seen.status, seen.sent, seconds)

    async def _answer(self, request: Request, caller: Caller, found: Found | tuple[str, ...] | None) -> Response:
        if found is None:
            raise Refusal(404, "There is nothing at this address")
        if not isinstance(found, Found):
            raise Refusal(405, "This address does not take that method", headers={"Allow": ", ".join(found)})
        return await found.endpoint(Call(self.service, request, caller, found.values))

    async def _caller(self, request: Request, raw: str) -> Caller:
        """Who asks.

        Raises
        ------
        Refusal
            401 for a token that is unknown, and for none at all where the hub is closed.
        """
        if raw.startswith(_SIGNED):
            return ANYBODY  # such addresses carry their own proof
        token = _token(request)
        if token:
            caller = await run_in_threadpool(lambda: caller_of(self.service.database.connection, token))
            if caller is None:
                raise Refusal(401, "Invalid credentials in Authorization header")
            return caller
        if self.service.settings.login and raw not in _OPEN and not raw.startswith("/static/"):
            raise Refusal(401, "This hub shows nothing without a token")
        return ANYBODY

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.metrics.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self.metrics.stop()
                self.log.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


class _Seen:
    """Passes an answer on, and notes its status and size."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.raw = send
        self.status = 0
        self.sent = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
        await self._send(message)


async def _respond(response: Response, scope: Scope, receive: Receive, send: _Seen) -> None:
    try:
        await response(scope, receive, send)
    except ClientDisconnect:
        pass
    except Refusal as error:  # while the body is on its way: all that is left is to break off
        _LOG.warning("an answer was broken off: %s", error.message)
        if not send.status:
            await _refused(error)(scope, receive, send)


def _token(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    asks = request.url.path.endswith("/ask-access")  # whose form proves where it comes from
    if scheme.lower() == "basic" and (request.method in {"GET", "HEAD"} or asks or _is_git_lfs(request)):
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refusal(401, "Invalid credentials in Authorization header") from error
    return ""


def _is_git_lfs(request: Request) -> bool:
    """Whether a POST can be no form of another site's page: those cannot have this type."""
    return request.headers.get("content-type", "").startswith("application/vnd.git-lfs+json")


def _is_page(request: Request, raw: str) -> bool:
    """Whether a person waits for the answer, in a browser."""
    apart = raw.startswith(("/api/", "/lfs/", "/xet/", "/v1/")) or "/resolve/" in raw
    return not apart and "text/html" in request.headers.get("accept", "")


def _shown(request: Request, caller: Caller, response: Response) -> Response:
    """A refusal as a page, with the headers that it had."""
    said = msgspec.json.decode(bytes(response.body), type=dict[str, Any])["error"]
    shown = error_page(request, caller, response.status_code, said)
    for name, value in response.headers.items():
        if name not in {"content-length", "content-type"}:
            shown.headers[name] = value
    return shown


def _challenge(request: Request) -> str:
    """How to log in: a browser asks for name and password, a client is told what it needs."""
    browser = "text/html" in request.headers.get("accept", "")
    return 'Basic realm="hub", charset="UTF-8"' if browser else 'Bearer realm="hub"'


def _refused(error: Exception) -> Response:
    if isinstance(error, Refusal):
        headers = dict(error.headers)
        headers["X-Error-Message"] = _UNPRINTABLE.sub("?", error.message)[:500]
        if error.code:
            headers["X-Error-Code"] = error.code
        return answer({"error": error.message, **error.body}, error.status, headers)
    full = isinstance(error, OSError) and error.errno in _FULL
    if full or (isinstance(error, sqlite3.OperationalError) and "full" in str(error)):
        _LOG.error("the disk is full: %s", error)
        return answer({"error": "The disk of this hub is full: nothing was kept"}, 507)
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return answer({"error": "This hub is busy; try again"}, 503, {"Retry-After": "5"})
    if isinstance(error, ClientDisconnect):
        return answer({"error": "The connection was closed"}, 400)
    _LOG.error("a request failed", exc_info=error)
    return answer({"error": "Internal error of this hub; its log says more"}, 500)
