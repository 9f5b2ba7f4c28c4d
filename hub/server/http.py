"""HTTP over the wire: uvicorn, with llhttp (the parser of Node.js) and a head that is bounded.

The one module that imports uvicorn. Knows nothing of what is asked for.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from hub.server.settings import Settings
from hub.server.web import ASGIApp

__all__ = ["HEAD", "Server"]

HEAD = 65536
"""Bytes that the request line and the headers may have together, as in h11: llhttp has no limit of its own."""


class Server(uvicorn.Server):
    """Serves an application.

    Parameters
    ----------
    told
        Called once it answers.
    ends
        Called when it begins to end.
    """

    def __init__(self, app: ASGIApp, settings: Settings, told: Callable[[], None], ends: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=max(1, round(settings.drain)),
                timeout_keep_alive=75,
                backlog=2048,
                ssl_certfile=settings.certificate,
                ssl_keyfile=settings.private_key,
                lifespan="on",
                ws="none",
                http=Connection,
            )
        )
        self._told = told
        self._ends = ends

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started:
            self._told()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End: what was taken is answered first, unless it is asked for twice. The end is a good one: exit code 0."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        self._ends()


class Connection(HttpToolsProtocol):
    """One connection, whose requests have heads of a bounded size."""

    _in_head = False
    _taken = 0

    def data_received(self, data: bytes) -> None:
        """Take what has come; a head without end is cut off."""
        super().data_received(data)
        if not self._in_head:
            return
        self._taken += len(data)
        if self._taken > HEAD:
            self.transport.write(STATUS_LINE[431] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._taken = True, 0

    def on_headers_complete(self) -> None:
        """What follows is the body, which is counted where it is read."""
        super().on_headers_complete()
        self._in_head = False
