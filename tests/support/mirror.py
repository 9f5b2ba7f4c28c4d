"""A hub of one's own, as its real command in a process on a free port, and the real client to talk to it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from hub_mirror.catalogue.accounts import add_account, add_member, add_token
from hub_mirror.service import Service, Settings
from huggingface_hub import HfApi

HUB = (sys.executable, "-m", "hub", "mirror")


def free_port() -> int:
    """A port that nobody listens on, of those that no outgoing connection takes by itself."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Mirror:
    """A mirror below a folder, and its server."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        self.options = options
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.tokens: dict[str, str] = {}
        self.log = root.with_name(f"{root.name}.log")

    def command(self, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `hub mirror …` on it."""
        result = subprocess.run(
            [*HUB, *arguments, "--root", str(self.root)], capture_output=True, text=True, timeout=120, check=False
        )
        assert not ok or result.returncode == 0, result.stderr
        return result

    def start(self, *options: str, env: dict[str, str] | None = None, **process: object) -> Mirror:
        """Start `hub mirror serve`, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                [*HUB, "serve", "--root", str(self.root), "--port", str(self.port), *self.options, *options],
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                **process,
            )
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                if requests.get(f"{self.url}/healthz", timeout=2).ok:
                    return self
            except requests.ConnectionError:
                time.sleep(0.05)
        pytest.fail(f"the server did not start:\n{self.log.read_text()}")

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def add_user(self, name: str, *options: str, role: str = "write") -> HfApi:
        """A user with a token, as `hub mirror user add` and `token add` make them, without two processes for it."""
        database = Service.open(Settings(root=self.root)).database
        with database.writing() as connection:
            quota = int(options[1]) if options[:1] == ("--quota",) else None
            add_account(connection, name, kind="user", admin="--admin" in options, quota=quota)
            self.tokens[name] = add_token(connection, name, "default", role=role)
        database.close()
        return self.api(name)

    def add_org(self, name: str, **members: str) -> None:
        """An organisation and the roles of its members, without a process for each."""
        database = Service.open(Settings(root=self.root)).database
        with database.writing() as connection:
            add_account(connection, name, kind="org", fullname=f"{name.capitalize()} Inc.")
            for member, role in members.items():
                add_member(connection, name, member, role)
        database.close()

    def api(self, name: str = "") -> HfApi:
        """The real client with the token of a user, or with none."""
        return HfApi(endpoint=self.url, token=self.tokens[name] if name else False)
