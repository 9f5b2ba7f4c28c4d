"""Models made here, and Whisper as it ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.ctranslate2.tests.models_made import Made, make_whisper
from tests.conftest import CACHE, hub_home, pull_once  # noqa: F401


@pytest.fixture(scope="session")
def whisper_home() -> Path:
    """`HUB_HOME` that holds whisper-tiny.en between tests and runs, pulled on first use."""
    from filelock import FileLock

    home = CACHE / "home"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "home.lock"):
        pull_once(home, "whisper-tiny.en")
    return home


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small Whisper of many languages that knows nothing, in both layouts."""
    return make_whisper(tmp_path_factory.mktemp("whisper"))
