"""`hub plugin`: lists plugins with their faults, and installs, removes and switches them through pip and the settings.

Only `list` and the check after `install` load plugins: the others read metadata, so that they work on a plugin that
crashes. Knows nothing of what plugins do.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from hub import config
from hub.cli.output import note, print_json, print_table
from hub.cli.plugin_check import check_command
from hub.cli.plugin_install import install_plugins
from hub.cli.plugin_new import new_command
from hub.cli.plugin_show import as_json as to_json
from hub.cli.plugin_show import gives, show_faults
from hub.errors import UsageError
from hub.plugin.discovery import Installed, canonical, installed, matches, package_of
from hub.plugin.hooks import CONTRACT
from hub.plugin.pip import Request
from hub.types import JSON

__all__ = ["command"]


@click.group("plugin")
def command() -> None:
    """List, install, remove, switch off, write and check plugins."""


command.add_command(new_command)
command.add_command(check_command)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(as_json: bool) -> None:
    """List plugins: version, state, what each gives, and what is wrong with it.

    Ends with 0 even if a plugin is broken: nothing here needed it.
    """
    from hub.plugin.survey import survey

    plugins = [to_json(record) for record in survey()]
    if as_json:
        print_json({"contract": CONTRACT, "plugins": plugins})  # type: ignore[dict-item]  # a TypedDict is JSON
        return
    rows = [(p["name"], p["package"], p["version"], p["state"], gives(p)) for p in plugins]
    print_table(("name", "package", "version", "state", "gives"), rows)
    for plugin in plugins:
        show_faults(plugin)
    for name in _unknown_names():
        note(f"The setting disabled_plugins names '{name}', which is no installed plugin.")


@command.command("search")
@click.argument("words", nargs=-1, metavar="[QUERY]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def search_command(words: tuple[str, ...], as_json: bool) -> None:
    """Find plugins that the registries list, by name, format or what they say of themselves."""
    from hub.registry.catalogue import load_catalogue

    catalogue = load_catalogue()
    for notice in catalogue.notices:
        note(notice)
    here = {canonical(entry.distribution): entry.version for entry in installed()}
    rows: list[JSON] = []
    for plugin in catalogue.plugins:
        text = " ".join((plugin.package, plugin.summary, *plugin.formats, *sum(plugin.gives.values(), ()))).lower()
        if all(word.lower() in text for word in words):
            version = here.get(canonical(plugin.package))
            adds: dict[str, JSON] = {table: list(ids) for table, ids in plugin.gives.items()}
            row: dict[str, JSON] = {"package": plugin.package, "version": plugin.version, "installed": version}
            rows.append({**row, "gives": adds, "summary": plugin.summary, "homepage": plugin.homepage})
    if as_json:
        print_json(rows)
        return
    shown = [r for r in rows if isinstance(r, dict)]
    cells = [(str(r["package"]), str(r["installed"] or "not installed"), str(r["summary"])) for r in shown]
    print_table(("package", "installed", "summary"), cells)
    if not rows:
        note("No plugin that a registry lists matches. See all: hub plugin search")


@command.command("install")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@click.option("-U", "--upgrade", is_flag=True, help="Take newer versions of what is installed.")
@click.option("-e", "--editable", is_flag=True, help="Each SPEC is a folder that you work on, used where it lies.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print what was installed as JSON.")
def install_command(specs: tuple[str, ...], upgrade: bool, editable: bool, yes: bool, as_json: bool) -> None:
    """Install plugins through pip into the environment of this hub.

    SPEC is what pip takes: a name, a name with a version, a wheel, a folder, an address. Shows first what would be
    installed, whose it is, and whether a registry lists it. Asks on a terminal; goes on elsewhere, as pip does.
    """
    request = Request(specs=specs, upgrade=upgrade, editable=editable)
    install_plugins(request, ask=not yes and sys.stdin.isatty(), as_json=as_json)


@command.command("uninstall")
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def uninstall_command(name: str, yes: bool) -> None:
    """Remove the package of a plugin through pip; what it depends on stays. NAME is the plugin's or its package's."""
    from hub.plugin import pip

    found = find(name)
    packages = sorted({entry.distribution for entry in found})
    if not packages and (package := package_of(name)):
        packages = [package]
    if not packages:
        raise unknown(name)
    if len(packages) > 1:
        raise UsageError(
            f"'{name}' is a plugin of {' and of '.join(packages)}",
            hint=f"Name the package: hub plugin uninstall {packages[0]}",
        )
    gone = [entry for entry in installed() if entry.distribution == packages[0]]
    note(f"Removes {packages[0]}, with {', '.join(sorted(entry.name for entry in gone)) or 'no plugin'}.")
    if not yes and sys.stdin.isatty():
        click.confirm("Go on?", default=True, abort=True, err=True)
    pip.uninstall(packages[0])
    _keep([entry for entry in disabled() if not any(matches(each, entry) for each in gone)])


@command.command("disable")
@click.argument("name")
def disable_command(name: str) -> None:
    """Switch a plugin off: it is listed, and not loaded. NAME is the plugin's or its package's."""
    found = find(name)
    if not found:
        raise unknown(name)
    ambiguous = any(each.name == found[0].name for each in installed() if each not in found)
    _keep([*disabled(), name if len(found) > 1 or ambiguous else found[0].name])
    note(f"Plugin '{name}' is off. Switch it on again: hub plugin enable {name}")
    _tell_environment()


@command.command("enable")
@click.argument("name")
def enable_command(name: str) -> None:
    """Switch a plugin on again."""
    found, before = find(name), disabled()
    if not found and name not in before:
        raise unknown(name)
    if "*" in before:
        before = [entry.name for entry in installed()]
    left = [entry for entry in before if entry != name and not any(matches(each, entry) for each in found)]
    _keep(left)
    note(f"Plugin '{name}' is on." if left != before else f"Plugin '{name}' was not switched off.")
    _tell_environment()


def find(name: str) -> list[Installed]:
    """Installed plugins that the person means: by the plugin's own name, else by that of its package."""
    entries = installed()
    return [entry for entry in entries if entry.name == name] or [entry for entry in entries if matches(entry, name)]


def unknown(name: str) -> UsageError:
    """The error for a name that no installed plugin has."""
    from difflib import get_close_matches

    known = sorted({text for entry in installed() for text in (entry.name, entry.distribution)})
    near = get_close_matches(name, known, n=1)
    guess = f"Did you mean {near[0]}? " if near else ""
    return UsageError(f"no plugin '{name}' is installed", hint=f"{guess}See: hub plugin list")


def disabled() -> list[str]:
    """What is kept as switched off."""
    value = config.stored("disabled_plugins")
    return list(value) if isinstance(value, list) else []


def _unknown_names() -> list[str]:
    names = config.get("disabled_plugins")
    assert isinstance(names, list)
    return [name for name in names if name != "*" and not any(matches(entry, name) for entry in installed())]


def _keep(names: Sequence[str]) -> None:
    if sorted(set(names)) == sorted(disabled()):
        return
    if names:
        config.put("disabled_plugins", sorted(set(names)))
    else:
        config.remove("disabled_plugins")


def _tell_environment() -> None:
    if config.get("disabled_plugins") != config.stored("disabled_plugins"):
        note("The environment variable HUB_DISABLE_PLUGINS is set, and wins over what is kept.")
