"""A package index on loopback, in the simple repository format that pip reads, and wheels good and bad to put in it.

Format: https://packaging.python.org/en/latest/specifications/simple-repository-api/. Knows nothing of `hub`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import threading
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.support.threaded import Threaded

Entry = tuple[zipfile.ZipInfo | str, bytes]


def wheel(package: str, version: str, files: Mapping[str, bytes], *, extra: Iterable[Entry] = ()) -> bytes:
    """Make a wheel that pip takes: files, metadata, and entries as they are given, honest or not."""
    info = f"{package.replace('-', '_')}-{version}.dist-info"
    members: dict[str, bytes] = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}"
        for name, data in members.items()
    ]
    members[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # zipfile warns of a name that is there twice: that is what we want
        for name, data in [*members.items(), *extra]:
            archive.writestr(name, data)
    return held.getvalue()


def link(name: str, target: str) -> Entry:
    """Entry that is a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target.encode()


def encrypted(data: bytes, name: str) -> bytes:
    """The same archive, with the entry of this name marked as encrypted."""
    changed = bytearray(data)
    encoded = name.encode()
    for signature, flags, start in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = -1
        while (at := changed.find(signature, at + 1)) >= 0:
            if changed[at + start : at + start + len(encoded)] == encoded:
                changed[at + flags] |= 1
    return bytes(changed)


class PackageIndex(Threaded):
    """The index; use it as a context manager."""

    def __init__(self) -> None:
        self.wheels: dict[str, dict[str, bytes]] = {}
        self.served: dict[str, bytes] = {}
        self.status = 0
        """Answer everything with this status."""
        self.credentials = ""
        """`user:password` that is asked for; empty: none."""
        self.stall = threading.Event()
        self.stalls = False
        """Begin to send a wheel, and wait for `stall`."""
        self.requests: list[str] = []
        super().__init__(type("Handler", (_Handler,), {"index": self}))

    def stop(self) -> None:
        """Go away, whatever is being sent."""
        self.stall.set()
        super().stop()

    def add(self, package: str, version: str, data: bytes, *, served: bytes | None = None) -> None:
        """List a wheel; `served` are the bytes that are sent in its stead."""
        name = f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
        self.wheels.setdefault(package, {})[name] = data
        self.served[name] = data if served is None else served

    @property
    def url(self) -> str:
        return self.address("")

    def address(self, credentials: str) -> str:
        """Address of the index, with credentials in it."""
        at = f"{credentials}@" if credentials else ""
        return f"http://{at}{self.netloc}/simple"

    def env(self, credentials: str = "") -> dict[str, str]:
        """Environment of a process whose pip is to use this index and nothing else."""
        return pip_env(self.address(credentials))

    def downloads(self) -> int:
        """How many times a wheel was asked for."""
        return sum(path.endswith(".whl") for path in self.requests)


def pip_env(index: str) -> dict[str, str]:
    """Environment of a process whose pip knows this index alone, and gives up at once."""
    return {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_INDEX": "0",
        "PIP_INDEX_URL": index,
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "NO_PROXY": "127.0.0.1",
    }


class _Handler(BaseHTTPRequestHandler):
    index: PackageIndex
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        index = self.index
        index.requests.append(self.path)
        basic = "Basic " + base64.b64encode(index.credentials.encode()).decode()
        if index.status:
            return self._answer(index.status, b"told to fail")
        if index.credentials and self.headers.get("Authorization") != basic:
            return self._answer(401, b"who are you?", {"WWW-Authenticate": 'Basic realm="index"'})
        name = Path(self.path).name
        if self.path.startswith("/files/") and name in index.served:
            return self._wheel(index.served[name])
        if name in index.wheels:
            return self._page(index.wheels[name])
        return self._answer(404, b"not here")

    def _page(self, wheels: Mapping[str, bytes]) -> None:
        lines = [
            f'<a href="/files/{name}#sha256={hashlib.sha256(self.index.served[name]).hexdigest()}">{name}</a>'
            for name in wheels
        ]
        page = "<!DOCTYPE html><html><body>" + "\n".join(lines) + "</body></html>"
        self._answer(200, page.encode(), {"Content-Type": "text/html"})

    def _wheel(self, data: bytes) -> None:
        if not self.index.stalls:
            self._answer(200, data, {"Content-Type": "application/octet-stream"})
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data) + 1))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
        self.index.stall.wait()
        self.close_connection = True

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Requests are counted, not printed."""
