"""HTTP as every interface here needs it: JSON in by its type, JSON out, events, and a client that goes away noticed.

The one module that imports Starlette and its parser of forms. Knows no interface and no model.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import msgspec
from python_multipart.exceptions import FormParserError
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.server.faults import Fault

__all__ = [
    "ASGIApp",
    "ClientDisconnect",
    "Events",
    "HTMLResponse",
    "HTTPException",
    "Headers",
    "Message",
    "MutableHeaders",
    "Receive",
    "Request",
    "Response",
    "Route",
    "Scope",
    "Send",
    "Starlette",
    "UploadFile",
    "json_response",
    "read_form",
    "read_json",
    "until_gone",
    "watched",
]

T = TypeVar("T")
_PLACE = re.compile(r" - at `(?P<path>.*)`$")


def json_response(
    value: object,  # anything that msgspec writes: dicts, structs
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A response that is one JSON document."""
    return Response(msgspec.json.encode(value), status, dict(headers or {}), "application/json")


async def read_json(request: Request, kind: type[T]) -> T:
    """The body by its type.

    Raises
    ------
    Fault
        It is no JSON, or not of the type; `param` says where.
    """
    body = await request.body()
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        path = place["path"] if place else "$"
        message = _PLACE.sub("", str(error))
        raise Fault(400, "invalid_request", f"{path}: {message}", param=path.removeprefix("$").lstrip(".")) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(400, "invalid_json", f"the body is not JSON: {error}") from error


async def read_form(request: Request) -> dict[str, str | bytes | list[str]]:
    """The fields of a form: files as bytes, a field that comes several times as a list.

    Raises
    ------
    Fault
        The body is no form.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Fault(415, "invalid_request", "the body is a form: Content-Type: multipart/form-data")
    found: dict[str, str | bytes | list[str]] = {}
    try:
        async with request.form(max_files=4, max_fields=100) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    found[name] = await value.read()
                elif name.endswith("[]"):
                    kept = found.get(name.removesuffix("[]"))
                    found[name.removesuffix("[]")] = [*kept, value] if isinstance(kept, list) else [value]
                else:
                    found[name] = value
    except (MultiPartException, FormParserError, HTTPException) as error:
        told = error.detail if isinstance(error, HTTPException) else error
        raise Fault(400, "invalid_request", f"the form cannot be read: {told}") from error
    return found


async def until_gone(request: Request, answer: Awaitable[T]) -> T:
    """The answer, which is given up when the client goes away.

    Raises
    ------
    ClientDisconnect
        It did.
    """
    task = asyncio.ensure_future(answer)
    gone = asyncio.create_task(_gone(request.receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


@contextmanager
def watched(request: Request, gone: Callable[[ClientDisconnect], object]) -> Iterator[None]:
    """Around the wait for an answer: whoever gives it is told when the client goes away."""
    watching = asyncio.create_task(_gone(request.receive))
    watching.add_done_callback(lambda task: None if task.cancelled() else gone(ClientDisconnect()))
    try:
        yield
    finally:
        watching.cancel()


class Events(Response):
    """A response in pieces, as they come; the source of them is closed when the client goes away."""

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        *,
        media_type: str = "text/event-stream",
        headers: Mapping[str, str] | None = None,
        ended: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(None, 200, {"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **(headers or {})})
        self.headers["content-type"] = media_type
        if "content-length" in self.headers:
            del self.headers["content-length"]
        self._pieces = pieces
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send piece after piece, or leave when nobody reads any more."""
        sending = asyncio.create_task(self._send(send))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, gone):
                if not task.done():
                    task.cancel()
                    with suppress(asyncio.CancelledError, Exception):
                        await task
            close: Any = getattr(self._pieces, "aclose", None)  # Any: of generators
            if close is not None:
                await close()
            self._ended()
        if sending.done() and not sending.cancelled():
            sending.result()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
