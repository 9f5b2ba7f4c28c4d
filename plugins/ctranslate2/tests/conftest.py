"""Models made here."""

from __future__ import annotations

import pytest

from plugins.ctranslate2.tests.models_made import Made, make_whisper
from tests.conftest import hub_home  # noqa: F401


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small Whisper of many languages that knows nothing, in both layouts."""
    return make_whisper(tmp_path_factory.mktemp("whisper"))
