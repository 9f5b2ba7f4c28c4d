"""A small Hugging Face Hub on loopback: what the real `huggingface_hub` client asks for to find and download models.

Repositories are made from bytes or files; each change is a commit. Private and gated ones ask for a token. It counts
requests, and has switches for what servers do wrong. Knows nothing of `hub`.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote, urlsplit

LARGE = (".gguf", ".safetensors", ".onnx", ".bin")
Content = bytes | Path


def read(content: Content) -> bytes:
    return content.read_bytes() if isinstance(content, Path) else content


def git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass
class Repository:
    """A model repository: commits, and the branches and tags that name them."""

    name: str
    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, Content]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, files: Mapping[str, Content], *, branch: str = "main") -> str:
        """Make these files the state of the branch; gives the commit."""
        state = json.dumps([[path, git_id(read(files[path]))] for path in sorted(files)])
        commit = hashlib.sha1(f"{self.name} {len(self.commits)} {state}".encode(), usedforsecurity=False).hexdigest()
        self.commits[commit] = dict(files)
        self.refs[branch] = commit
        return commit

    def resolve(self, revision: str) -> str | None:
        return revision if revision in self.commits else self.refs.get(revision)


@dataclass
class Faults:
    """Switches for what a server does wrong."""

    status: int = 0
    """Answer everything with this status."""
    cut_after: int = 0
    """Close the connection after so many bytes of a file, `cuts` times."""
    cuts: int = 0
    stall: threading.Event | None = None
    """Send a file up to `cut_after`, and wait for this."""
    other_bytes: dict[str, bytes] = field(default_factory=dict)
    """Path to the bytes that are sent in its stead, under the promised name, size and hash."""
    commit: str = ""
    """The commit that is named, whatever was asked for."""
    climbing: str = ""
    """A path that is added to what is listed."""


class LoopbackHub:
    """The server; use it as a context manager."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.tokens: dict[str, set[str]] = {}
        self.requests: list[tuple[str, str]] = []
        self.faults = Faults()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.faults.stall is not None:
            self.faults.stall.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def env(self) -> dict[str, str]:
        """Environment of a process that is to use this hub."""
        return {"HF_ENDPOINT": self.url, "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1"}

    def add(self, name: str, files: Mapping[str, Content], *, private: bool = False, gated: bool = False) -> Repository:
        repository = Repository(name, private, gated)
        repository.commit(files)
        self.repositories[name] = repository
        return repository

    def allow(self, token: str, *repositories: str) -> None:
        """Make a token, and let it read these repositories."""
        self.tokens[token] = set(repositories)

    def downloads(self) -> int:
        """How many times bytes of a file were asked for."""
        return sum(method == "GET" and "/resolve/" in path for method, path in self.requests)


class _Refused(Exception):
    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def _handler(hub: LoopbackHub) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"hub": hub})


class _Handler(BaseHTTPRequestHandler):
    hub: LoopbackHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.hub.requests.append((self.command, self.path))
        try:
            if self.hub.faults.status:
                raise _Refused(self.hub.faults.status, message="told to fail")
            self._route(urlsplit(self.path).path)
        except _Refused as refusal:
            self._json(
                {"error": refusal.message},
                refusal.status,
                {"X-Error-Code": refusal.code, "X-Error-Message": refusal.message},
            )
        except ConnectionError:
            self.close_connection = True

    do_HEAD = do_GET  # noqa: N815 -- the standard library names it so

    def _route(self, path: str) -> None:
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?", path):
            return self._info(*self._find(match[1], match[2] or "main", metadata=True))
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)(?:/(.*))?", path):
            return self._tree(*self._find(match[1], match[2], metadata=True), unquote(match[3] or ""))
        if match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._file(*self._find(match[1], match[2]), unquote(match[3]))
        return self._json({})

    def _find(self, name: str, revision: str, *, metadata: bool = False) -> tuple[Repository, str]:
        repository = self.hub.repositories.get(name)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in self.hub.tokens:
            raise _Refused(401, message="Invalid credentials in Authorization header")
        may = bool(token) and name in self.hub.tokens[token]
        if repository is None or (repository.private and not may):
            raise _Refused(404 if token else 401, "RepoNotFound", "Repository not found")
        if repository.gated and not may and not metadata:
            raise _Refused(403 if token else 401, "GatedRepo", f"Access to model {name} is restricted")
        commit = repository.resolve(unquote(revision))
        if commit is None:
            raise _Refused(404, "RevisionNotFound", f"Invalid rev id: {unquote(revision)}")
        return repository, commit

    def _info(self, repository: Repository, commit: str) -> None:
        files = repository.commits[commit]
        siblings = [_sibling(path, read(files[path])) for path in sorted(files)]
        if self.hub.faults.climbing:
            siblings.append(_sibling(self.hub.faults.climbing, b"climbs"))
        self._json(
            {
                "id": repository.name,
                "sha": self.hub.faults.commit or commit,
                "private": repository.private,
                "gated": "manual" if repository.gated else False,
                "tags": [],
                "siblings": siblings,
            }
        )

    def _tree(self, repository: Repository, commit: str, under: str) -> None:
        entries = []
        for path, content in sorted(repository.commits[commit].items()):
            if path.startswith(f"{under}/" if under else ""):
                data = read(content)
                large = {"lfs": _large(data)} if path.endswith(LARGE) else {}
                entries.append({"type": "file", "path": path, "size": len(data), "oid": git_id(data), **large})
        if under and not entries:
            raise _Refused(404, "EntryNotFound", f"{under} does not exist")
        self._json(entries)

    def _file(self, repository: Repository, commit: str, path: str) -> None:
        content = repository.commits[commit].get(path)
        if content is None:
            self._missing_file(commit, path)
            return
        data = read(content)
        headers = {"X-Repo-Commit": commit, "ETag": f'"{git_id(data)}"', "Accept-Ranges": "bytes"}
        if path.endswith(LARGE):
            headers |= {"X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Linked-Size": str(len(data))}
        self._bytes(self.hub.faults.other_bytes.get(path, data), headers)

    def _missing_file(self, commit: str, path: str) -> None:
        headers = {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found", "X-Repo-Commit": commit}
        self._json({"error": f"{path} is not there"}, 404, headers)

    def _bytes(self, data: bytes, headers: dict[str, str]) -> None:
        begin = 0
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            begin = int(match[1])
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        self.send_response(206 if begin else 200)
        for name, value in {**headers, "Content-Length": str(len(data) - begin)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        faults = self.hub.faults
        if faults.stall is not None:
            self.wfile.write(data[begin : begin + faults.cut_after])
            self.wfile.flush()
            faults.stall.wait()
            self.close_connection = True
            return
        if faults.cuts and len(data) - begin > faults.cut_after:
            faults.cuts -= 1
            self.wfile.write(data[begin : begin + faults.cut_after])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(data[begin:])

    def _json(self, content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            if value:
                self.send_header(name, quote(value, safe=" :/'(),"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Requests are counted, not printed."""


def _sibling(path: str, data: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"rfilename": path, "size": len(data), "blobId": git_id(data)}
    return entry | ({"lfs": _large(data)} if path.endswith(LARGE) else {})


def _large(data: bytes) -> dict[str, object]:
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "oid": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "pointerSize": 134,
    }
