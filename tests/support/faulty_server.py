"""A web server on loopback that does what servers do wrong: lies, drips, cuts, redirects, ignores Range.

Each path has behaviours for its successive requests; the last one stays. It keeps what was asked for. Knows nothing of
`hub`.
"""

from __future__ import annotations

import gzip
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote, unquote

from tests.support.threaded import Threaded

__all__ = [
    "FaultyServer",
    "announce",
    "cut",
    "drip",
    "drip_headers",
    "gzipped",
    "hold",
    "long_redirect",
    "no_range",
    "other",
    "other_range",
    "redirect",
    "status",
    "unannounced",
    "whole",
]


@dataclass(frozen=True)
class Seen:
    """A request: its path, and its Range and If-Range headers (empty where it had none)."""

    path: str
    range: str
    if_range: str


class Exchange:
    """One request and what is to be answered."""

    def __init__(self, handler: BaseHTTPRequestHandler, content: bytes, ended: threading.Event) -> None:
        self._handler = handler
        self.content = content
        self.ended = ended
        self.asked = handler.headers.get("Range", "")
        self.shift = 0

    @property
    def etag(self) -> str:
        return f'"{hash(self.content) & 0xFFFFFFFF:08x}"'

    @property
    def start(self) -> int:
        """Where the answer begins."""
        if not self.asked or self._handler.headers.get("If-Range", self.etag) != self.etag:
            return 0
        return int(self.asked.removeprefix("bytes=").rstrip("-")) + self.shift

    def head(self, code: int, **headers: object) -> None:
        self._handler.send_response(code)
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), str(value))
        self._handler.end_headers()

    def send(self, data: bytes) -> None:
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def begin(self, *, length: int | None = None) -> bytes:
        """Send the headers of an honest answer (but for `length`); gives the body that belongs to them."""
        body = self.content[self.start :]
        size = len(self.content)
        if self.start >= size and self.asked:
            self.head(416, Content_Range=f"bytes */{size}")
            return b""
        announced = len(body) if length is None else length
        if self.start:
            self.head(
                206, Content_Length=announced, Content_Range=f"bytes {self.start}-{size - 1}/{size}", ETag=self.etag
            )
        else:
            self.head(200, Content_Length=announced, ETag=self.etag)
        return body


Behaviour = Callable[[Exchange], None]


def whole(exchange: Exchange) -> None:
    """Answer honestly, with Range and If-Range."""
    exchange.send(exchange.begin())


def status(code: int, **headers: object) -> Behaviour:
    """Answer with this status."""
    return lambda exchange: exchange.head(code, Content_Length=0, **headers)


def redirect(address: str) -> Behaviour:
    """Point to another address."""
    return status(302, Location=address)


def long_redirect(address: str) -> Behaviour:
    """Point to another address, with a body of 120 MB."""

    def behave(exchange: Exchange) -> None:
        exchange.head(302, Location=address)
        for _ in range(200):
            exchange.send(b"moved " * 100_000)

    return behave


def no_range(exchange: Exchange) -> None:
    """Send all of it, whatever range was asked for."""
    exchange.asked = ""
    exchange.send(exchange.begin())


def other_range(exchange: Exchange) -> None:
    """Answer a range with one that begins elsewhere."""
    exchange.shift = 7
    exchange.send(exchange.begin())


def cut(after: int) -> Behaviour:
    """Promise all of it, and close the connection after so many bytes of this answer."""
    return lambda exchange: exchange.send(exchange.begin()[:after])


def announce(length: int) -> Behaviour:
    """Announce another length than the content has."""
    return lambda exchange: exchange.send(exchange.begin(length=length)[:length])


def unannounced(extra: bytes) -> Behaviour:
    """Announce no length, and send more than the file has, forever if nobody stops it."""

    def behave(exchange: Exchange) -> None:
        exchange.head(200)
        exchange.send(exchange.content)
        while not exchange.ended.is_set():
            exchange.send(extra)

    return behave


def other(content: bytes) -> Behaviour:
    """Serve other bytes in its stead."""

    def behave(exchange: Exchange) -> None:
        exchange.content = content
        whole(exchange)

    return behave


def gzipped(exchange: Exchange) -> None:
    """Compress, though nobody asked for it."""
    body = gzip.compress(exchange.content)
    exchange.head(200, Content_Length=len(body), Content_Encoding="gzip")
    exchange.send(body)


def drip(seconds: float) -> Behaviour:
    """Send one byte, wait, send the next."""

    def behave(exchange: Exchange) -> None:
        for byte in exchange.begin():
            exchange.send(bytes([byte]))
            if exchange.ended.wait(seconds):
                return

    return behave


def drip_headers(seconds: float) -> Behaviour:
    """Send a header that does not end, byte by byte."""

    def behave(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.0 200 OK\r\nX-Long: ")
        while not exchange.ended.wait(seconds):
            exchange.send(b"x")

    return behave


def hold(after: int, gate: threading.Event) -> Behaviour:
    """Send so many bytes of this answer, then wait until the gate opens."""

    def behave(exchange: Exchange) -> None:
        body = exchange.begin()
        exchange.send(body[:after])
        while not gate.wait(0.05) and not exchange.ended.is_set():
            continue
        exchange.send(body[after:])

    return behave


class FaultyServer(Threaded):
    """The server; use it as a context manager."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.finished: list[str] = []
        self._paths: dict[str, tuple[bytes, list[Behaviour]]] = {}
        self._ended = threading.Event()
        super().__init__(self._handler())
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)

    def stop(self) -> None:
        """Go away, whatever is being sent."""
        self._ended.set()
        super().stop()

    def put(self, path: str, content: bytes, *behaviours: Behaviour) -> str:
        """Serve content at a path; gives its address."""
        self._paths[path] = (content, list(behaviours) or [whole])
        return self.url(path)

    def url(self, path: str) -> str:
        return f"{self._scheme}://{self.netloc}{quote(path)}"

    def ranges(self, path: str) -> list[str]:
        """Range header of each request of a path, in order."""
        return [seen.range for seen in self.seen if seen.path == path]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = unquote(handler.path)
        headers = handler.headers
        self.seen.append(Seen(path, headers.get("Range", ""), headers.get("If-Range", "")))
        content, behaviours = self._paths.get(path, (b"", [status(404)]))
        behave = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
        try:
            behave(Exchange(handler, content, self._ended))
            self.finished.append(path)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self)

            def log_message(self, *_: object) -> None:
                return

        return Handler
