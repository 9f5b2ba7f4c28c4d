from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.changing import TOY, Files


@pytest.fixture
def files() -> Iterator[Files]:
    with Files() as server:
        yield server


@pytest.fixture
def with_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy plugin, in the processes that a test starts."""
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(TOY), before))))
