"""Sources `https:` and `http:`: any web server, resumed by Range, with limits on everything that a server can draw out.

Trusts nothing that a server says: the sink verifies. Knows nothing of models.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import requests
import urllib3

from hub.errors import AccessDenied, NotFound, Offline, SourceError, VerificationError
from hub.sources import Listing, Sink, SourceContext
from hub.store.sources.connection import follow, make_session

__all__ = ["HttpSource", "HttpsSource"]

_CHUNK = 1 << 19
_BROKEN = (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError, OSError)


class _Again(Exception):
    """An attempt failed in a way that another may not."""


class HttpsSource:
    """Downloads over HTTP.

    The class attributes are the limits: seconds to connect and for each read; least bytes per second over a window of
    seconds; attempts in a row that bring nothing, with the seconds before the second one (doubled each time);
    redirects, and the schemes that they may lead to.
    """

    scheme: ClassVar[str] = "https"
    connect_timeout: ClassVar[float] = 10
    read_timeout: ClassVar[float] = 30
    slow_window: ClassVar[float] = 30
    slow_rate: ClassVar[float] = 1024
    attempts: ClassVar[int] = 4
    backoff: ClassVar[float] = 0.5
    redirects: ClassVar[int] = 10
    schemes: ClassVar[frozenset[str]] = frozenset({"http", "https"})

    def __init__(self, context: SourceContext) -> None:
        self._offline = context.offline
        self._session = make_session()

    def fetch(self, locator: str, sink: Sink) -> None:
        """Push the body of an address; a connection that breaks is resumed."""
        url = f"{self.scheme}:{locator}"
        if not locator.startswith("//"):
            raise SourceError(f"'{url}' is not an address: write {self.scheme}://host/path")
        if self._offline:
            raise Offline(f"{url} is not fetched: offline was asked for", hint="Unset HUB_OFFLINE to use the network.")
        download = _Download(self, self._session, url, sink)
        failed = 0
        while True:
            held = sink.offset
            try:
                download.attempt()
            except _Again as error:
                failed = 0 if sink.offset >= held + _CHUNK else failed + 1
                if failed >= self.attempts:
                    raise SourceError(f"{error} ({failed} attempts)") from error.__cause__
                time.sleep(self.backoff * 2 ** max(0, failed - 1))
            else:
                return

    def listing(self, locator: str) -> Listing:
        """Refuse: a web server has no listing."""
        raise SourceError(f"'{self.scheme}:{locator}' has no listing: a registry entry names each file")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class HttpSource(HttpsSource):
    """Downloads without encryption; the hash is what makes it safe to take."""

    scheme: ClassVar[str] = "http"


class _Download:
    """One address on its way into one sink."""

    def __init__(self, limits: HttpsSource, session: requests.Session, url: str, sink: Sink) -> None:
        self._limits = limits
        self._session = session
        self._url = url
        self._sink = sink
        self._etag = ""

    def attempt(self) -> None:
        """Request what is missing, and push it.

        Raises
        ------
        _Again
            The server or the line failed; what came is kept.
        """
        with self._request() as response:
            self._check_status(response)
            self._check_length(response)
            etag = response.headers.get("ETag", "")
            self._etag = "" if etag.startswith("W/") else etag
            self._push(response)
        size = self._sink.file.size
        if size is not None and self._sink.offset < size:
            raise _Again(f"{self._url} ended after {self._sink.offset} of {size} bytes")

    @contextmanager
    def _request(self) -> Iterator[requests.Response]:
        headers: dict[str, str] = {}
        if self._sink.offset:
            headers["Range"] = f"bytes={self._sink.offset}-"
            if self._etag:
                headers["If-Range"] = self._etag
        timeout = (self._limits.connect_timeout, self._limits.read_timeout)
        try:
            response = follow(
                self._session,
                self._url,
                headers=headers,
                timeout=timeout,
                redirects=self._limits.redirects,
                schemes=self._limits.schemes,
            )
        except requests.exceptions.SSLError as error:
            raise SourceError(f"{self._url}: the server's certificate is not trusted: {_reason(error)}") from error
        except (requests.ConnectionError, requests.Timeout) as error:
            raise _Again(f"{self._url} cannot be reached: {_reason(error)}") from error
        except (requests.RequestException, ValueError) as error:
            raise SourceError(f"{self._url} cannot be fetched: {_reason(error)}") from error
        try:
            yield response
        finally:
            response.close()

    def _check_status(self, response: requests.Response) -> None:
        """Go on with 200 and 206; bring the sink to where the body begins."""
        status = response.status_code
        if status == 200:
            if self._sink.offset:  # The server knows no Range, or the file changed.
                self._sink.restart()
        elif status == 206:
            begin, total = _content_range(response)
            self._promise(total)
            if begin != self._sink.offset:
                self._sink.restart()
                raise _Again(f"{self._url} answered another range than the one asked for")
        elif status == 416 and self._sink.offset:
            self._sink.restart()
            raise _Again(f"{self._url} does not have the range that is missing")
        elif status in {401, 403}:
            raise AccessDenied(f"{self._url} refuses access (HTTP {status})")
        elif status in {404, 410}:
            raise NotFound(f"{self._url} does not exist (HTTP {status})")
        elif status >= 500 or status in {408, 425, 429}:
            raise _Again(f"{self._url} answers HTTP {status}")
        else:
            raise SourceError(f"{self._url} answers HTTP {status}")
        if (coding := response.headers.get("Content-Encoding", "identity").strip().lower()) not in {"identity", ""}:
            raise SourceError(f"{self._url} answers in the encoding '{coding}', which was not asked for")

    def _check_length(self, response: requests.Response) -> None:
        length = response.headers.get("Content-Length", "")
        if length.isdecimal():
            self._promise(self._sink.offset + int(length))

    def _promise(self, total: int | None) -> None:
        """Refuse at once a server that announces another size than the file has."""
        size = self._sink.file.size
        if size is not None and total is not None and total != size:
            path = self._sink.file.path
            raise VerificationError(f"{path} from {self._url} is refused: expected {size} bytes, got {total} announced")

    def _push(self, response: requests.Response) -> None:
        limits, raw, sink = self._limits, response.raw, self._sink
        begin, count = time.monotonic(), 0
        while True:
            try:
                chunk = raw.read1(_CHUNK, decode_content=False)
            except _BROKEN as error:
                raise _Again(f"{self._url} broke off after {sink.offset} bytes: {_reason(error)}") from error
            if not chunk:
                return
            sink.write(chunk)
            count += len(chunk)
            now = time.monotonic()
            if now - begin >= limits.slow_window:
                if count < limits.slow_rate * (now - begin):
                    raise SourceError(f"{self._url} is too slow: {count} bytes in {now - begin:.0f} seconds")
                begin, count = now, 0


def _content_range(response: requests.Response) -> tuple[int, int | None]:
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    if match is None:
        return -1, None
    return int(match[1]), None if match[2] == "*" else int(match[2])


def _reason(error: BaseException) -> str:
    """What happened below the layers of requests and urllib3."""
    inner: object = error
    while isinstance(inner, BaseException):
        reason = getattr(inner, "reason", None) or (inner.args[0] if inner.args else None)
        if not isinstance(reason, BaseException):
            break
        inner = reason
    return str(inner).removeprefix("<").rsplit(">: ", 1)[-1]
