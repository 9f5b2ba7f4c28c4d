"""A line between a client and a hub: it passes requests on, counts them, and spoils what it is told to spoil.

The hub behind it is a true one. What is here is only what no true one does: lies, dripping, cut and dead connections.
Knows nothing of `hub`.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from tests.support.threaded import Threaded

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Faults:
    """Switches for what goes wrong; files are only what is asked for with GET below `/resolve/`."""

    status: int = 0
    """Answer everything with this status."""
    gone: bool = False
    """Close every connection without a word."""
    cut_after: int = 0
    """Close the connection after so many bytes of a file, `cuts` times."""
    cuts: int = 0
    stall: threading.Event | None = None
    """Send a file up to `cut_after`, and the rest when this is set."""
    drip: float = 0.0
    """Seconds between the megabytes of a file."""
    other_bytes: dict[str, bytes] = field(default_factory=dict)
    """Path to the bytes that are sent in its stead, under the promised name and hash."""
    zeros: bool = False
    """Send zeros for every file."""
    commit: str = ""
    """The commit that is named, whatever was asked for."""
    climbing: str = ""
    """A path that is added to what is listed."""


@dataclass(frozen=True)
class Answer:
    """What the hub said."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Line(Threaded):
    """The server; use it as a context manager."""

    def __init__(self, hub: str) -> None:
        self.hub = hub
        self.requests: list[tuple[str, str]] = []
        self.faults = Faults()
        self.watch: Callable[[str], None] = lambda path: None
        """Called with the path of each request, before it is passed on."""
        super().__init__(type("Handler", (_Handler,), {"line": self}))

    def stop(self) -> None:
        """End it: nobody listens there any more, and lines that were kept open break."""
        self.faults.gone = True
        if self.faults.stall is not None:
            self.faults.stall.set()
        super().stop()

    @property
    def url(self) -> str:
        return f"http://{self.netloc}"

    def count(self, part: str, method: str = "GET") -> int:
        """How many requests had this in their path."""
        return sum(one == method and part in path for one, path in self.requests)

    def downloads(self) -> int:
        """How many times bytes of a file were asked for."""
        return self.count("/resolve/")


class _Handler(BaseHTTPRequestHandler):
    line: Line
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        faults = self.line.faults
        if faults.gone:
            self._break()
            return
        self.line.requests.append((self.command, self.path))
        self.line.watch(self.path)
        try:
            if faults.status:
                self._send(Answer(faults.status, [("Content-Type", "application/json")], b'{"error": "told to fail"}'))
            else:
                self._send(self._spoiled(self._asked()))
        except (ConnectionError, http.client.HTTPException):
            self.close_connection = True

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 -- the standard library names them so

    def _asked(self) -> Answer:
        """What the hub says to this very request."""
        host = urlsplit(self.line.hub)
        connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)
        try:
            body = b"".join(self._body())
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
            if self.command == "HEAD":
                kept.append(("Content-Length", answer.headers.get("Content-Length") or "0"))
            return Answer(answer.status, kept, answer.read())
        finally:
            connection.close()

    def _body(self) -> Iterator[bytes]:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            yield self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _spoiled(self, answer: Answer) -> Answer:
        faults, path = self.line.faults, unquote(urlsplit(self.path).path)
        if "/resolve/" in path and answer.status in {200, 206}:
            return self._other(answer, path)
        if path.startswith("/api/") and (faults.commit or faults.climbing) and answer.status == 200:
            said = json.loads(answer.body)
            if isinstance(said, dict) and "siblings" in said:
                said["sha"] = faults.commit or said["sha"]
                if faults.climbing:
                    said["siblings"].append({"rfilename": faults.climbing, "size": 6, "blobId": "0" * 40})
                return Answer(answer.status, answer.headers, json.dumps(said).encode())
        return answer

    def _other(self, answer: Answer, path: str) -> Answer:
        """A file with other bytes, where they are to be sent."""
        faults = self.line.faults
        other = next((data for name, data in faults.other_bytes.items() if path.endswith(f"/{name}")), None)
        if other is None:
            return Answer(answer.status, answer.headers, bytes(len(answer.body))) if faults.zeros else answer
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        headers = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
        if self.command == "HEAD":
            return Answer(answer.status, [*headers, ("Content-Length", str(len(other)))], b"")
        return Answer(answer.status, headers, other[start:])

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "GET" and "/resolve/" in self.path:
            self._send_file(answer.body)
        elif self.command != "HEAD":
            self.wfile.write(answer.body)

    def _send_file(self, body: bytes) -> None:
        faults = self.line.faults
        if faults.stall is not None:
            self.wfile.write(body[: faults.cut_after])
            self.wfile.flush()
            faults.stall.wait()
            self.wfile.write(body[faults.cut_after :])
        elif faults.cuts and len(body) > faults.cut_after:
            faults.cuts -= 1
            self.wfile.write(body[: faults.cut_after])
            self.wfile.flush()
            self._break()
        elif faults.drip and len(body) > 2**20:
            for start in range(0, len(body), 2**20):
                self.wfile.write(body[start : start + 2**20])
                time.sleep(faults.drip)
        else:
            self.wfile.write(body)

    def _break(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Requests are counted, not printed."""
