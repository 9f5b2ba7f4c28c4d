"""A registry in a git repository, changes to it, and a server that holds the files which it names."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from hub.registry.writing import formatted
from tests.support.registries import model, registry, variant
from tests.support.threaded import Threaded

TOY = Path(__file__).parent / "toy"


def git(folder: Path, *arguments: str) -> str:
    """Run git with an author of its own and none of the person's settings."""
    command = ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments]
    env = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin:/usr/local/bin"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Files(Threaded):
    """Serves bytes by path, and keeps what was asked for."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.asked: list[str] = []
        super().__init__(_handler(self))

    def put(self, path: str, content: bytes) -> str:
        """Serve this; gives the address."""
        self.content[f"/{path}"] = content
        return f"http://{self.netloc}/{path}"

    def listed(self, path: str, content: bytes, *more: str, **changes: Any) -> dict[str, Any]:
        """Serve this, as a file of an entry."""
        sha256 = hashlib.sha256(content).hexdigest()
        name = path.rpartition("/")[2]
        return {
            "path": name,
            "size": len(content),
            "sha256": sha256,
            "sources": [self.put(path, content), *more],
            **changes,
        }


def _handler(files: Files) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files.asked.append(self.path)
            content = files.content.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Requests are kept, not printed."""

    return Handler


def toy(files: Files, name: str = "acme/toy", content: bytes = b"weights", **changes: Any) -> dict[str, Any]:
    """An entry whose weights are served, and which the toy plugin answers."""
    its = variant("toy", format="toy", files=[files.listed(f"{name}/a.toy", content)])
    return model(name, **{"variants": [its], "family": "toy", "example": "hello there", **changes})


class Project:
    """A registry in a git repository, as its first commit has it."""

    def __init__(self, folder: Path, *models: dict[str, Any], **changes: Any) -> None:
        self.folder = folder
        self.path = folder / "registry.json"
        folder.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(formatted(registry(*models, **changes)))
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.commit("Begin")

    def commit(self, message: str) -> None:
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", message)

    def change(self, edit: Callable[[dict[str, Any]], object]) -> None:
        """Change the registry, in form."""
        document = json.loads(self.path.read_bytes())
        edit(document)
        self.path.write_bytes(formatted(json.dumps(document).encode()))
