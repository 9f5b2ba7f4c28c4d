"""Commands that plugins add: click commands in the entry-point group `hub.commands`, named after the command.

Found by name and distribution alone; the module of one is imported when it is called. A name of the core stays the
core's. Knows nothing of the hooks of plugins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import Distribution, EntryPoint, distributions

import click

from hub import config
from hub.cli.commands import COMMANDS
from hub.errors import PluginBroken, UsageError

__all__ = ["GROUP", "command_faults", "command_origins", "load_command"]

GROUP = "hub.commands"


def command_origins() -> dict[str, str]:
    """Command name to the distribution and version that bring it, sorted; those of the core are not among them."""
    return {name: " and ".join(map(_origin, found)) for name, found in sorted(_found().items()) if name not in COMMANDS}


def command_faults() -> list[str]:
    """What is wrong with commands of plugins that can be told without importing them."""
    faults = []
    for name, found in sorted(_found().items()):
        origins = " and ".join(map(_origin, found))
        if name in COMMANDS:
            faults.append(f"command '{name}' of {origins} is not used: the core has a command of that name")
        elif len(found) > 1:
            faults.append(f"command '{name}' comes from {origins}: neither is used")
    return faults


def load_command(name: str) -> click.Command | None:
    """Import the command of that name; `None` if no plugin has one.

    Raises
    ------
    PluginBroken
        Two plugins bring it, it cannot be imported, or it is no click command.
    """
    found = _found().get(name)
    if not found:
        return None
    if len(found) > 1:
        names = " and ".join(map(_origin, found))
        raise PluginBroken(
            f"command '{name}' comes from {names}", hint=f"Keep one of them: hub plugin uninstall {_package(found[0])}"
        )
    point = found[0]
    try:
        command = point.load()
    except (Exception, SystemExit) as error:
        raise PluginBroken(
            f"command '{name}' of {_origin(point)} cannot be imported: {type(error).__name__}: {error}",
            hint=f"Update it, or remove it: hub plugin uninstall {_package(point)}",
        ) from error
    if not isinstance(command, click.Command):
        raise PluginBroken(
            f"command '{name}' of {_origin(point)} is no click command: '{point.value}' is a {type(command).__name__}",
            hint=f"Tell its author, or remove it: hub plugin uninstall {_package(point)}",
        )
    return command


@cache
def _found() -> Mapping[str, list[EntryPoint]]:
    disabled = {_canonical(name) for name in _disabled()}
    found: dict[str, list[EntryPoint]] = {}
    seen: set[str] = set()
    for distribution in distributions():
        points = _points(distribution)
        if not points:
            continue
        package = _canonical(distribution.name)
        names = {package, *(_canonical(point.name) for point in points)}
        if package in seen or "*" in disabled or names & disabled:
            continue
        seen.add(package)  # an older copy, further down sys.path, does not count
        for point in points:
            if point.group == GROUP:
                found.setdefault(point.name, []).append(point)
    return found


def _points(distribution: Distribution) -> list[EntryPoint]:
    """All entry points of a package that brings commands; none if its metadata cannot be read."""
    try:
        brings = GROUP in (distribution.read_text("entry_points.txt") or "") and distribution.name
        return list(distribution.entry_points) if brings else []
    except Exception:  # `hub plugin list` names such a package
        return []


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _disabled() -> list[str]:
    try:
        value = config.get("disabled_plugins")
    except UsageError:  # a config.json that cannot be read must not hide the help; `hub doctor` says so
        return []
    return value if isinstance(value, list) else []


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.module


def _origin(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value
