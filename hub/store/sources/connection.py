"""An HTTP session that servers cannot hold: headers must come within a time, and no body of a redirect is read.

`requests` waits as long as a byte comes now and then, and reads redirects to their end, however long they are. Knows
nothing of files.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

from hub import __version__
from hub.errors import SourceError

__all__ = ["follow", "make_session"]

_HEADERS_SECONDS = 60.0


class _Hurried(HTTPConnection):
    """Hangs up on a server that does not finish its headers."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        timer = threading.Timer(_HEADERS_SECONDS, _hang_up, [self.sock])
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse()
        finally:
            timer.cancel()


class _HurriedTls(_Hurried, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Hurried


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _HurriedTls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # Any: passed on as they are
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:  # Any: passed on as they are
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager


class _Session(requests.Session):
    """Never follows by itself: `requests` reads the body of a redirect, even where it is told not to follow it."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def make_session() -> requests.Session:
    """Session that asks for bytes as they are, by the person's proxies and certificates."""
    session = _Session()
    session.headers.update({"User-Agent": f"openmodelhub/{__version__}", "Accept-Encoding": "identity"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session


def follow(
    session: requests.Session,
    url: str,
    *,
    headers: dict[str, str],
    timeout: tuple[float, float],
    redirects: int,
    schemes: frozenset[str] = frozenset({"http", "https"}),
) -> requests.Response:
    """Request an address, and what it redirects to; the body is still to be read.

    Parameters
    ----------
    schemes
        What it may redirect to.

    Raises
    ------
    SourceError
        Too many redirects, or one that leads out of the web.
    requests.RequestException, ValueError
        What `requests` raises.
    """
    here = url
    for _ in range(redirects + 1):
        response = session.get(here, headers=headers, stream=True, timeout=timeout, allow_redirects=False)
        target = requests.Session.get_redirect_target(session, response)
        if target is None:
            return response
        response.close()
        here = urljoin(here, target)
        if urlsplit(here).scheme not in schemes:
            where = "not on the web" if "http" in schemes else "not encrypted"
            raise SourceError(f"{url} redirects to {here}, which is {where}")
    raise SourceError(f"{url} redirects more than {redirects} times")


def _hang_up(connection: socket.socket | None) -> None:
    if connection is not None:
        with suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
