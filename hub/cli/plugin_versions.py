"""Which package and version a plugin is of, here or in a folder, from metadata alone."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

from hub.plugin.discovery import Installed, entries_of, installed

__all__ = ["plugins_in", "version_in"]


def plugins_in(folder: Path) -> list[Installed]:
    """Plugins whose packages lie in a folder."""
    return [entry for package in distributions(path=[str(folder)]) for entry in entries_of(package)]


def version_in(plugin: str, folder: Path | None) -> tuple[str, str]:
    """Package and version; empty where nothing has the plugin."""
    entries = installed() if folder is None else plugins_in(folder)
    return next(((each.distribution, each.version) for each in entries if each.name == plugin), ("", ""))
