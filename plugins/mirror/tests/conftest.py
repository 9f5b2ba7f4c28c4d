"""A server in a process of its own on a free port, and the real client to talk to it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants

from tests.conftest import hub_home  # noqa: F401
from tests.support.browsing import browser  # noqa: F401
from tests.support.mirror import Mirror


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
