"""A server in a process of its own on a free port, and the real client to talk to it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from hub_mirror.catalogue.accounts import add_account, add_token
from hub_mirror.service import Service, Settings
from huggingface_hub import HfApi, constants

from tests.conftest import hub_home  # noqa: F401

HUB = (sys.executable, "-m", "hub", "mirror")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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

    def start(self, *options: str, env: dict[str, str] | None = None) -> Mirror:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*HUB, "serve", "--root", str(self.root), "--port", str(self.port), *self.options, *options],
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                start_new_session=True,
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

    def api(self, name: str = "") -> HfApi:
        """The real client with the token of a user, or with none."""
        return HfApi(endpoint=self.url, token=self.tokens[name] if name else False)


def pytest_itemcollected(item: pytest.Item) -> None:
    """What the client itself warns of: cards without metadata, and how it uses its own transport."""
    item.add_marker(pytest.mark.filterwarnings("ignore:Warnings while validating metadata:UserWarning"))
    item.add_marker(pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"))


@pytest.fixture(autouse=True)
def plain_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client as it comes, but for bars, and with plain uploads unless a test asks for Xet."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)


@pytest.fixture
def with_xet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """One server for all tests that only need repositories of their own."""
    mirror = Mirror(tmp_path_factory.mktemp("shared") / "root", "--part", "5MiB")
    mirror.add_user("ada")
    mirror.add_user("bob")
    mirror.start()
    yield mirror
    mirror.stop()


@pytest.fixture
def api(shared: Mirror) -> HfApi:
    return shared.api("ada")


@pytest.fixture
def repo(api: HfApi) -> str:
    """A fresh model repository of ada."""
    name = f"ada/t{secrets.token_hex(5)}"
    api.create_repo(name)
    return name


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Mirror]:
    """A mirror of this test alone, not yet started."""
    mirror = Mirror(tmp_path / "root")
    yield mirror
    mirror.stop()
