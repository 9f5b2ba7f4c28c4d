"""Registries made for tests: a small right one, to be broken in one place, and a server that offers one."""

from __future__ import annotations

import copy
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

ZEROS = "0" * 64


def model(name: str = "acme/tiny", **changes: Any) -> dict[str, Any]:
    """An entry; `changes` replace its fields, and a value of `...` takes one away."""
    entry = {
        "id": name,
        "aliases": [name.partition("/")[2] + "-alias"],
        "task": "text-generation",
        "license": "MIT",
        "summary": "A model for tests.",
        "variants": [variant()],
    }
    return {key: value for key, value in {**entry, **changes}.items() if value is not ...}


def variant(name: str = "gguf", **changes: Any) -> dict[str, Any]:
    entry = {"name": name, "format": "gguf", "files": [file()]}
    return {key: value for key, value in {**entry, **changes}.items() if value is not ...}


def file(path: str = "tiny.gguf", **changes: Any) -> dict[str, Any]:
    entry = {"path": path, "size": 10, "sha256": ZEROS, "sources": [f"https://example.org/{path}"]}
    return {key: value for key, value in {**entry, **changes}.items() if value is not ...}


def registry(*models: dict[str, Any], **changes: Any) -> bytes:
    """A registry as JSON."""
    content = {"schema": 1, "name": "acme", "models": list(models) or [model()], "plugins": []}
    return json.dumps({key: value for key, value in {**content, **changes}.items() if value is not ...}).encode()


def changed(content: bytes, path: str, value: Any) -> bytes:
    """The registry with one value replaced, at a path such as `models.0.variants.0.name`; `...` takes it away."""
    document = copy.deepcopy(json.loads(content))
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place = document
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(document).encode()


class RegistryServer:
    """Serves `content` with an ETag; `status` other than 200 answers that alone, `cut` closes in the middle."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.etag = '"1"'
        self.status = 200
        self.cut = False
        self.redirect = ""
        self.answers: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Go away. May be called twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/registry.json"


def _handler(server: RegistryServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = 304 if self.headers.get("If-None-Match") == server.etag else server.status
            status = 302 if server.redirect else status
            server.answers.append(status)
            self.send_response(status)
            self.send_header("ETag", server.etag)
            if server.redirect:
                self.send_header("Location", server.redirect)
            body = server.content if status == 200 else b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if server.cut else body)

        def log_message(self, *_: object) -> None:
            """Tests read what the command says, not the server."""

    return Handler
