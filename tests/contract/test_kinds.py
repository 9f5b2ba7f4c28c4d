"""The kit's contract of kinds, on a kind whose codec needs no library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.plugin import host as plugin_host
from hub.testing import KindContract
from tests.support.painted import painted_models


class TestGrid(KindContract):
    """The kind of the plugin in `tests/support/painting`."""

    kind = "grid"

    @pytest.fixture(autouse=True)
    def painted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """A host that has the plugin."""
        painted_models(tmp_path / "models", monkeypatch)
        monkeypatch.setattr(plugin_host._Process, "host", None)
        yield
        for name in [name for name in sys.modules if name.startswith("hub_painting")]:
            del sys.modules[name]

    @pytest.fixture
    def given(self) -> Any:  # Any: whatever the codec reads
        """Rows of numbers."""
        return [[1, 2, 3], [4, 5, 6]]
