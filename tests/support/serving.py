"""A real `hub serve` in a process of its own, and the home of one that serves the toy of `tests/support/toy`."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Self

import httpx

from hub.plugin.hooks import GROUP
from tests.support.toys import TOY


class Served:
    """A server that runs; `url` is where. Its log is in `log`. `under` is a command that starts it in its turn."""

    def __init__(
        self,
        *arguments: str,
        home: Path,
        folder: Path,
        env: dict[str, str] | None = None,
        under: Sequence[str] = (),
    ) -> None:
        self.log = folder / "server.jsonl"
        self.database = f"sqlite:///{folder / 'server.sqlite'}"
        given = [] if "--database" in arguments else ["--database", self.database]
        command = [
            *under,
            sys.executable,
            "-m",
            "hub",
            "serve",
            *arguments,
            "--port",
            "0",
            "--log",
            str(self.log),
            *given,
        ]
        self.env = {**os.environ, "HUB_HOME": str(home), "PIP_NO_INDEX": "1", **(env or {})}
        self.process = subprocess.Popen(
            command,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stderr is not None
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            if line.startswith("Serving at "):
                break
        else:
            raise AssertionError(f"hub serve did not start:\n{''.join(lines)}{self.tail()}")
        self.url = lines[-1].split()[2]
        self._rest = threading.Thread(target=self.process.stderr.read, daemon=True)
        self._rest.start()
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def tail(self) -> str:
        """The end of the log, for messages."""
        return self.log.read_text()[-3000:] if self.log.exists() else ""

    def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        """Ask; the answer whatever its status."""
        return self.http.post(path, json=body, **more)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`hub ARGUMENTS`, as who runs the server would type it."""
        return subprocess.run(
            [sys.executable, "-m", "hub", *arguments],
            env={**self.env, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def inside(self, folder: Path) -> Path:
        """A folder as the server sees it, whose disks may be others than ours."""
        return Path(f"/proc/{self.process.pid}/root{folder}")

    def running(self) -> list[dict[str, Any]]:
        """What `hub ps` sees, with the key of this machine's own user."""
        return list(self.http.get("/hub/v1/ps", headers=self.own).json()["models"])

    @property
    def own(self) -> dict[str, str]:
        """The header that lets this machine's own user in."""
        port = self.url.rpartition(":")[2]
        note = json.loads((Path(self.env["HUB_HOME"]) / "server" / f"{port}.json").read_text())
        return {"Authorization": f"Bearer {note['key']}"}

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self._rest.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def until(condition: Callable[[], object]) -> bool:
    """Wait for what comes soon."""
    for _ in range(600):
        if condition():
            return True
        time.sleep(0.05)
    return False


def toy_home(folder: Path) -> tuple[Path, dict[str, str]]:
    """A home that knows the models `toy`, `other` and `vectors`, and the environment that brings their plugin."""
    content = b"no weights at all\n"
    (folder / "a.toy").write_bytes(content)
    file = {
        "path": "a.toy",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "sources": [f"file:{folder / 'a.toy'}"],
    }
    tasks = {"toy": "text-generation", "other": "text-generation", "vectors": "feature-extraction"}
    models = [
        {
            "id": f"tests/{name}",
            "aliases": [name],
            "task": task,
            "license": "MIT",
            "summary": "A toy.",
            "variants": [{"name": "plain", "format": "toy", "files": [file]}],
        }
        for name, task in tasks.items()
    ]
    (folder / "registry.json").write_text(json.dumps({"schema": 1, "name": "tests", "models": models, "plugins": []}))
    others = sorted({entry.name for entry in entry_points(group=GROUP)} - {"toy"})
    env = {
        "HUB_REGISTRIES": str(folder / "registry.json"),
        "HUB_DISABLE_PLUGINS": ",".join(others),
        "PYTHONPATH": os.pathsep.join([str(TOY), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    return folder / "home", env
