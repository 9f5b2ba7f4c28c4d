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
from tests.support.venv import ROOT, Environment, build_wheel

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


@pytest.fixture(scope="session")
def hub_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this repository."""
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, hub_wheel: Path) -> Environment:
    """A fresh virtual environment with `hub`, pytest and hatchling alone; whoever installs into it removes it again."""
    made = Environment(tmp_path_factory.mktemp("venv") / "env", tools=("pytest", "hatchling"))
    made.install(hub_wheel)
    return made
