"""Asks a server: JSON for what it tells, frames for what a model answers; its errors come out as ours.

Knows nothing of models or kinds. A connection for each request; the standard library alone.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hub.errors import AccessDenied, HubError, InferenceError, SourceError
from hub.runtime.client.places import Place
from hub.runtime.client.wire import MEDIA_TYPE, encode, error_from, frames
from hub.runtime.sessions.cancel import Cancel

__all__ = ["Link"]

_CONNECT = 10.0


class Link:
    """The way to one server. Safe from several threads."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._parts = urlsplit(place.url)

    def get(self, path: str, **query: str | int) -> dict[str, Any]:  # Any: JSON
        """A document of the server.

        Raises
        ------
        SourceError
            The server cannot be reached.
        HubError
            What it answers instead.
        """
        asked = f"?{urlencode({name: value for name, value in query.items() if value != ''})}" if query else ""
        return self._document("GET", f"{path}{asked}", None)

    def post(self, path: str, body: object) -> dict[str, Any]:  # Any: JSON
        """The document that a request is answered with; as `get`."""
        return self._document("POST", path, json.dumps(body).encode())

    def delete(self, path: str, name: str) -> dict[str, Any]:  # Any: JSON
        """As `get`; the name is the last part of the path."""
        return self._document("DELETE", f"{path}/{quote(name, safe='')}", None)

    def ask(self, model: str, body: object, cancel: Cancel) -> Iterator[Any]:  # Any: frames
        """What a model answers, frame by frame; `cancel` ends it by leaving.

        Raises
        ------
        HubError
            As `get`.
        """
        connection = self._connect()

        def leave() -> None:
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)

        try:
            cancel.heed(leave)
            path = f"/hub/v1/infer/{quote(model, safe='/:@')}"
            answer = self._send(connection, "POST", path, encode(body), MEDIA_TYPE)
            yield from frames(answer.read)
        except (OSError, http.client.HTTPException) as error:
            cancel.check()
            raise InferenceError(f"the server at {self.place.url} left in the middle: {error}") from error
        finally:
            cancel.ignore(leave)
            connection.close()

    def _document(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:  # Any: JSON
        connection = self._connect()
        try:
            content = self._send(connection, method, path, body, "application/json").read()
            found = json.loads(content)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SourceError(f"the server at {self.place.url} gave no answer: {error}") from error
        finally:
            connection.close()
        return found if isinstance(found, dict) else {}

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=_CONNECT, context=ssl.create_default_context())
            if self._parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=_CONNECT)
        )
        try:
            connection.connect()
        except OSError as error:
            raise SourceError(
                f"no server answers at {self.place.url}: {error.strerror or error}", hint="Start one: hub serve"
            ) from error
        connection.sock.settimeout(None)
        return connection

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None, kind: str
    ) -> http.client.HTTPResponse:
        headers = {"Accept": "*/*"} | ({"Content-Type": kind} if body is not None else {})
        if self.place.key:
            headers["Authorization"] = f"Bearer {self.place.key}"
        connection.request(method, self._parts.path.rstrip("/") + path, body, headers)
        answer = connection.getresponse()
        if answer.status >= 400:
            raise self._error(answer)
        return answer

    def _error(self, answer: http.client.HTTPResponse) -> HubError:
        content = answer.read(1 << 20)
        try:
            told = json.loads(content)["error"]
            message = str(told["message"])
        except (ValueError, KeyError, TypeError):
            return SourceError(f"{self.place.url} is no server of a hub: it answered with status {answer.status}")
        if "kind" in told:
            return error_from(told)
        if answer.status in (401, 403):
            return AccessDenied(message, hint="Give a key: HUB_SERVER_KEY=… or --key")
        return InferenceError(message)
