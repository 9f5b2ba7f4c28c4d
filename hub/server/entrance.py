"""What every request passes: an id, who asks, where from, how much, and what is logged of it.

While nobody needs a key, requests are taken under the names of the loopback alone, and from no web page of another
origin: otherwise any site that a person opens could use the models of their machine. Knows no interface.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hub.server.access.guard import Guard
from hub.server.faults import Fault, fault_of
from hub.server.insight.meters import Meters
from hub.server.settings import LOOPBACK, Settings
from hub.server.web import ASGIApp, Headers, Message, MutableHeaders, Receive, Response, Scope, Send

if TYPE_CHECKING:
    from hub.server.access.guard import Caller

__all__ = ["Entrance"]

_LOG = logging.getLogger("hub.server.requests")
_OPEN = ("/healthz", "/readyz", "/", "/openapi.json")
_PAGE = "/page/"
_POLLED = ("/healthz", "/readyz", "/metrics", "/hub/v1/ps")
"""Asked for every few seconds, by programs and by our page: not worth a line of the log each time."""
_SLOW = 30.0
"""Seconds that a client may take between two pieces of its body."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = "GET, POST, DELETE, OPTIONS"


class Entrance:
    """Wraps an application. What it refuses is answered in the shape that the path's interface gives errors."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        guard: Guard,
        meters: Meters,
        refuse: Callable[[str, Fault], Response],
        interface: Callable[[str], str],
    ) -> None:
        self._app = app
        self._settings = settings
        self._guard = guard
        self._meters = meters
        self._refuse = refuse
        self._interface = interface

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit(scope, send, self._settings)
        try:
            if visit.preflight:
                await Response(status_code=204)(scope, receive, visit.send)
                return
            await self._check(visit)
            await self._app(scope, self._counted(receive), visit.send)
        except Exception as error:
            if visit.status:
                raise
            fault = fault_of(error)
            if fault.status >= 500:
                _LOG.error("a request failed", exc_info=error, extra={"request": visit.id})
            await self._refuse(scope["path"], fault)(scope, receive, visit.send)
        finally:
            self._tell(visit)

    async def _check(self, visit: Visit) -> None:
        visit.check_origin()
        if visit.path in _OPEN or visit.path.startswith(_PAGE):
            return
        if not self._settings.public and not await self._guard.asks_for_keys():
            visit.check_host()
        caller = await self._guard.caller(visit.key, visit.client)
        visit.scope["hub.caller"] = visit.caller = caller
        visit.scope["hub.request"] = visit.id
        length = visit.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._settings.body:
            raise _too_large(self._settings.body)

    def _counted(self, receive: Receive) -> Receive:
        """The body, up to the size that is allowed, from a client that does not take for ever."""
        count, more = 0, True

        async def counted() -> Message:
            nonlocal count, more
            try:
                async with asyncio.timeout(_SLOW if more else None):
                    message = await receive()
            except TimeoutError:
                raise Fault(408, "request_timeout", f"nothing of the body came for {_SLOW:g} s") from None
            count += len(message.get("body", b""))
            more = message.get("more_body", False)
            if count > self._settings.body:
                raise _too_large(self._settings.body)
            return message

        return counted

    def _tell(self, visit: Visit) -> None:
        took = time.monotonic() - visit.began
        self._meters.request(self._interface(visit.path), visit.status or 499, took)
        quiet = visit.path in _POLLED
        _LOG.log(
            logging.DEBUG if quiet else logging.INFO,
            "%s %s",
            visit.scope["method"],
            visit.path[:200],
            extra={
                "request": visit.id,
                "status": visit.status or 499,
                "seconds": round(took, 4),
                "client": visit.client,
                "key": visit.caller.name if visit.caller else "",
            },
        )


class Visit:
    """One request on its way through."""

    def __init__(self, scope: Scope, send: Send, settings: Settings) -> None:
        self.scope = scope
        self.headers = Headers(scope=scope)
        self.path: str = scope["path"]
        self.began = time.monotonic()
        self.status = 0
        self.caller: Caller | None = None
        given = self.headers.get("x-request-id", "")
        self.id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        self._send = send
        self._settings = settings

    @property
    def client(self) -> str:
        """Address of who asks."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def key(self) -> str:
        """The key that came with it."""
        kind, _, key = self.headers.get("authorization", "").partition(" ")
        return key.strip() if kind.lower() == "bearer" else self.headers.get("x-api-key", "")

    @property
    def preflight(self) -> bool:
        """Whether a browser asks if it may ask, and may."""
        asks = self.scope["method"] == "OPTIONS" and "access-control-request-method" in self.headers
        return asks and self._allowed()

    def check_origin(self) -> None:
        """Refuse a web page of another origin.

        Raises
        ------
        Fault
            It is one.
        """
        if "origin" not in self.headers or self._allowed():
            return
        if self.headers["origin"].partition("://")[2] != self.headers.get("host", ""):
            raise Fault(403, "origin_refused", "web pages of this origin may not use this server: hub serve --cors")

    def check_host(self) -> None:
        """Refuse a name that is not one of the loopback, under which a foreign site may have had us called.

        Raises
        ------
        Fault
            It is such a name.
        """
        host = self.headers.get("host", "localhost")
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if name.lower() not in {*LOOPBACK, *self._settings.hosts, self._settings.host}:
            raise Fault(
                403, "host_refused", "without keys this server is for this machine alone: hub serve --allow-host"
            )

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.id
            headers["X-Content-Type-Options"] = "nosniff"
            if "origin" in self.headers and self._allowed():
                headers["Access-Control-Allow-Origin"] = self.headers["origin"]
                headers["Access-Control-Allow-Headers"] = "authorization, content-type, x-api-key, x-request-id"
                headers["Access-Control-Allow-Methods"] = _METHODS
                headers["Access-Control-Expose-Headers"] = "x-request-id, retry-after"
                headers.add_vary_header("Origin")
        await self._send(message)

    def _allowed(self) -> bool:
        origins = self._settings.origins
        return "*" in origins or self.headers.get("origin", "") in origins


def _too_large(limit: int) -> Fault:
    return Fault(413, "request_too_large", f"the body is larger than {limit} bytes")
