"""A folder on `sys.path` that plugins are laid into; what is really installed is switched off."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.plugin.discovery import installed
from hub.plugin.host import Host, load_host
from tests.support.plugins import Made

LoadPlugins = Callable[..., Host]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folder that counts as installed for this test."""
    monkeypatch.setenv("HUB_DISABLE_PLUGINS", ",".join(entry.distribution for entry in installed()))
    monkeypatch.setattr("hub.plugin.loading.SLOW_SECONDS", 60.0)  # a busy machine is no fault of the plugin
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def load_plugins(site: Path) -> LoadPlugins:
    """Install the given plugins and load a host that sees them and the core alone."""

    def load(*plugins: Made) -> Host:
        for plugin in plugins:
            plugin.lay(site)
        importlib.invalidate_caches()
        return load_host()

    return load
