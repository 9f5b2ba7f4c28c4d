"""Registries made for tests: a small right one, to be broken in one place, and a server that offers one."""

from __future__ import annotations

import copy
import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.threaded import Threaded

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


class RegistryServer(Threaded):
    """Serves `content` with an ETag; `status` other than 200 answers that alone, `cut` closes in the middle."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.etag = '"1"'
        self.status = 200
        self.cut = False
        self.redirect = ""
        self.answers: list[int] = []
        super().__init__(_handler(self))

    @property
    def url(self) -> str:
        return f"http://{self.netloc}/registry.json"


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
