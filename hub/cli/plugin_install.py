"""What `hub plugin install` does: shows what pip would install and who vouches for it, asks, installs, checks.

Knows nothing of what plugins do.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hub.cli.output import note, print_json
from hub.cli.plugin_show import gives, record_json, show_faults
from hub.errors import HubError, PluginBroken, UsageError
from hub.plugin import pip
from hub.plugin.discovery import canonical, installed
from hub.plugin.pip import Release
from hub.types import JSON

if TYPE_CHECKING:
    from hub.registry.catalogue import ListedPlugin

__all__ = ["install_plugins"]


def install_plugins(specs: Sequence[str], *, upgrade: bool, ask: bool, as_json: bool) -> None:
    """Install `specs` through pip, and say what came of it.

    Raises
    ------
    UsageError
        A name that no registry lists, where one lists the plugin of that short name.
    PluginBroken
        It is installed, and cannot be loaded.
    """
    listed = _listed()
    _refuse_short_names(specs, listed)
    releases = pip.preview(specs, upgrade=upgrade)
    if not releases:
        note("Everything is installed already. Take newer versions with: hub plugin install --upgrade")
    _show(releases, listed)
    if releases and ask:
        click.confirm("Plugins are code that runs as you. Install?", default=True, abort=True, err=True)
    if releases:
        pip.install(specs, upgrade=upgrade)
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
            note(f"  by {release.author or 'nobody named'}, licence {release.license or 'not stated'}")
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
        if SpecifierSet(each.plugin.version).contains(release.version, prereleases=True):
            return f"listed by the registry '{each.origin}'"
    return f"the registry '{entries[0].origin}' lists {entries[0].plugin.version}, not this version"


def _check(releases: Sequence[Release], as_json: bool) -> None:
    """Load what was installed, as the next command will, and say what it gives."""
    from hub.plugin.survey import survey

    importlib.invalidate_caches()
    names = {canonical(release.name) for release in releases}
    for release in releases:
        if canonical(release.name) not in {canonical(entry.distribution) for entry in installed()}:
            note(f"{release.name} brings no plugin of hub. Remove it: hub plugin uninstall {release.name}")
    records = [record for record in survey() if canonical(record.distribution) in names]
    if as_json:
        done: list[JSON] = [{"package": release.name, "version": release.version} for release in releases]
        print_json({"installed": done, "plugins": [record_json(record) for record in records]})
    for record in records:
        show_faults(record)
        if record.state == "ok":
            note(f"Plugin '{record.name}' {record.version} gives {gives(record) or 'nothing'}.")
        elif record.state == "disabled":
            note(f"Plugin '{record.name}' is switched off. Switch it on: hub plugin enable {record.name}")
    broken = [record.name for record in records if record.state in {"broken", "incompatible"}]
    if broken:
        raise PluginBroken(
            f"installed, but it does not work: {', '.join(broken)}", hint=f"Remove it: hub plugin uninstall {broken[0]}"
        )
