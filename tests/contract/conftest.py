"""New plugins, built once for this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.scaffolds import build


@pytest.fixture(scope="session")
def scaffolds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that has a new plugin of every kind installed; its parent holds their sources."""
    return build(tmp_path_factory.mktemp("scaffolds"))
