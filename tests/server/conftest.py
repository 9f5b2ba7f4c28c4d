"""Servers that tests share: one with real weights, one with a toy that fails as it is told."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.conftest import CACHE, ROOT, pip, pull_once
from tests.support.browsing import browser  # noqa: F401
from tests.support.serving import Served, toy_home

MEDIA = ("piper-joe", "whisper-tiny.en", "silero-vad", "ppocr", "efficientnet-lite0", "lid176")


def clean_environment() -> pytest.MonkeyPatch:
    """As `hub_home` makes it for each test."""
    patch = pytest.MonkeyPatch()
    for name in list(os.environ):
        if name.startswith(("HUB_", "HF_")):
            patch.delenv(name)
    return patch


@pytest.fixture(scope="session")
def real(weights_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with models of every kind, which may open weights that are pickles."""
    with FileLock(CACHE / "home.lock"):
        pull_once(weights_home, *MEDIA)
    patch = clean_environment()
    folder = tmp_path_factory.mktemp("real")
    options = ("--option", "threads=2", "--option", "prompt_cache=false", "--context-length", "1024")
    with Served(*options, home=weights_home, folder=folder, env={"HUB_ALLOW_PICKLE": "1"}) as served:
        yield served
    patch.undo()


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the toy's registry lies."""
    folder = tmp_path_factory.mktemp("toy")
    toy_home(folder)
    return folder


@pytest.fixture(scope="session")
def toy(toy_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of toys, with a short queue."""
    patch = clean_environment()
    home, env = toy_home(toy_folder)
    arguments = ("toy", "--pull", "--option", "parallel=2", "--queue", "4", "--timeout", "20", "--max-body", "100KB")
    with Served(*arguments, home=home, folder=tmp_path_factory.mktemp("served"), env=env) as served:
        yield served
    patch.undo()


@pytest.fixture(scope="session")
def clients() -> str:
    """Folder for `PYTHONPATH` with clients that are run in processes of their own; see `tests/support/clients.txt`."""
    wanted = ROOT / "tests" / "support" / "clients.txt"
    name = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()[:12]
    target = CACHE / f"clients-{name}"
    with FileLock(f"{target}.lock"):
        if not (target / "complete").exists():
            pip("install", "--quiet", "--no-deps", "--upgrade", "--target", str(target), "-r", str(wanted))
            (target / "complete").touch()
    return str(target)
