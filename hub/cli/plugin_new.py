"""`hub plugin new`: the whole package of a new plugin, which works and passes its checks as it is.

Knows nothing of what plugins do: the templates do.
"""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path

import click

from hub.cli.output import note, print_json
from hub.errors import UsageError
from hub.plugin.discovery import installed
from hub.scaffold.naming import names_of
from hub.scaffold.package import KINDS, write_package

__all__ = ["new_command"]


@click.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(tuple(KINDS)), required=True, help="What it gives.")
@click.option("--into", type=click.Path(path_type=Path), help="Folder that takes the package; hub-NAME by default.")
@click.option("--author", help="Who made it; the name that git knows by default.")
@click.option("--license", "licence", default="Apache-2.0", show_default=True, help="SPDX expression.")
@click.option("--summary", default="", help="One line that says what it is for.")
@click.option("--json", "as_json", is_flag=True, help="Print the files as JSON.")
def new_command(
    name: str, kind: str, into: Path | None, author: str | None, licence: str, summary: str, as_json: bool
) -> None:
    """Write the package of a new plugin: code that works, fixtures, a contract test, README and CI.

    It passes `hub plugin check` as it is; put your own in place of what it does. NAME is the plugin's, such as
    my-runtime: its package is then hub-my-runtime.
    """
    names = names_of(name)
    for entry in installed():
        if entry.name == names.name:
            raise UsageError(
                f"the plugin '{names.name}' of {entry.distribution} {entry.version} is installed, and names clash",
                hint=f"Take another name: hub plugin new my-{names.name} --kind {kind}",
            )
    folder = Path(names.package) if into is None else into
    files = write_package(names, kind, folder, author=author or _author(), licence=licence, summary=summary)
    if as_json:
        listed = [path.relative_to(folder).as_posix() for path in files]
        print_json({"name": names.name, "package": names.package, "folder": str(folder), "files": [*listed]})
        return
    for path in files:
        click.echo(path.as_posix())
    note(f"Check it:  hub plugin check {folder}")
    note(f"Use it:    hub plugin install --editable {folder if folder.is_absolute() else f'./{folder}'}")


def _author() -> str:
    try:
        done = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, check=False)
        if done.stdout.strip():
            return done.stdout.strip()
    except OSError:
        pass
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
