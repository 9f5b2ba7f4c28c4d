"""What `hub plugin install` does: shows what pip would install and who vouches for it, asks, installs, checks.

Knows nothing of what plugins do.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hub.cli.output import note, print_json, printable
from hub.cli.plugin_show import PluginJSON, gives, show_faults
from hub.errors import HubError, PluginBroken, UsageError
from hub.plugin import pip
from hub.plugin.discovery import canonical, how_to_enable
from hub.plugin.pip import Release, Request
from hub.types import JSON

if TYPE_CHECKING:
    from hub.registry.catalogue import ListedPlugin

__all__ = ["install_plugins"]


def install_plugins(request: Request, *, ask: bool, as_json: bool) -> None:
    """Install through pip, and say what came of it.

    Raises
    ------
    UsageError
        A name that no registry lists, where one lists the plugin of that short name.
    PluginBroken
        It is installed, and cannot be loaded.
    """
    listed = _listed()
    _refuse_short_names(request.specs, listed)
    releases = pip.preview(request)
    if not releases:
        note("Everything is installed already. Take newer versions with: hub plugin install --upgrade")
    _show(releases, listed)
    if releases and ask:
        click.confirm("Plugins are code that runs as you. Install?", default=True, abort=True, err=True)
    if releases:
        pip.install(request)
    _check([release for release in releases if release.requested], as_json)


def _listed() -> tuple[ListedPlugin, ...]:
    from hub.registry.catalogue import load_catalogue

    try:
        catalogue = load_catalogue()
    except HubError as error:
        note(f"The registries cannot be read, so nothing is known of who vouches: {error.message}")
        return ()
    for notice in catalogue.notices:
        note(notice)
    return catalogue.listed


def _refuse_short_names(specs: Sequence[str], listed: Sequence[ListedPlugin]) -> None:
    """`onnx` is another package than `openmodelhub-onnx`: pip would install it without a word."""
    known = {canonical(each.plugin.package): each.plugin.package for each in listed}
    for spec in specs:
        match = re.fullmatch(r"([A-Za-z0-9][\w.-]*?)\s*([=<>!~\[].*)?", spec)
        name = canonical(match[1]) if match else ""
        meant = known.get(f"openmodelhub-{name}")
        if meant and name not in known:
            raise UsageError(
                f"no registry lists a plugin package '{spec}'; '{meant}' is listed",
                hint=f"hub plugin install {meant}{match[2] or '' if match else ''}",
            )


def _show(releases: Sequence[Release], listed: Sequence[ListedPlugin]) -> None:
    for release in releases:
        if release.requested:
            note(f"{release.name} {release.version}: {release.summary or 'says nothing of itself'}")
            note(f"  by {release.author or 'nobody named'}{f', licence {release.license}' if release.license else ''}")
            note(f"  from {release.location}{f', sha256 {release.sha256}' if release.sha256 else ''}")
            note(f"  depends on {', '.join(release.requires) or 'nothing'}")
            note(f"  {_vouched(release, listed)}")
    others = [f"{release.name} {release.version}" for release in releases if not release.requested]
    if others:
        note(f"Installs with it: {', '.join(others)}")


def _vouched(release: Release, listed: Sequence[ListedPlugin]) -> str:
    from packaging.specifiers import SpecifierSet

    entries = [each for each in listed if canonical(each.plugin.package) == canonical(release.name)]
    if not entries:
        return "no registry lists it: nobody vouches for it"
    for each in entries:
        if each.plugin.yanked:
            return f"the registry '{each.origin}' has withdrawn it: {printable(each.plugin.yanked)}"
        if SpecifierSet(each.plugin.version).contains(release.version, prereleases=True):
            return f"the registry '{each.origin}' lists this name and version; nobody vouches for the file itself"
    return f"the registry '{entries[0].origin}' lists {entries[0].plugin.version}, not this version"


def _check(releases: Sequence[Release], as_json: bool) -> None:
    """Say what came of it, as the next command will see it: asked in a process of its own."""
    names = {canonical(release.name) for release in releases}
    plugins = [plugin for plugin in (_ask(releases) if releases else ()) if canonical(plugin["package"]) in names]
    if as_json:
        done: list[JSON] = [{"package": release.name, "version": release.version} for release in releases]
        print_json({"installed": done, "plugins": plugins})  # type: ignore[dict-item]  # a TypedDict is JSON
    for name in names - {canonical(plugin["package"]) for plugin in plugins}:
        note(f"{name} brings no plugin of hub. Remove it: {sys.executable} -m pip uninstall {name}")
    for plugin in plugins:
        show_faults(plugin)
        if plugin["state"] == "ok":
            note(f"Plugin '{plugin['name']}' {plugin['version']} gives {gives(plugin) or 'nothing'}.")
        elif plugin["state"] == "disabled":
            note(f"Plugin '{plugin['name']}' is switched off. {how_to_enable(plugin['name'])}")
    broken = [plugin["package"] for plugin in plugins if plugin["state"] in {"broken", "incompatible"}]
    if broken:
        raise PluginBroken(
            f"installed, but it does not work: {', '.join(broken)}", hint=f"Remove it: hub plugin uninstall {broken[0]}"
        )


def _ask(releases: Sequence[Release]) -> list[PluginJSON]:
    command = [sys.executable, "-m", "hub", "plugin", "list", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise PluginBroken(
            f"installed, but the process that loads plugins ends with {done.returncode}",
            hint=f"Remove it: hub plugin uninstall {' '.join(release.name for release in releases)}",
        )
    plugins: list[PluginJSON] = json.loads(done.stdout)["plugins"]
    return plugins
