"""`hub registry check`: reads both sides of a change, has it checked, and prints the report.

Knows nothing of the rules.
"""

from __future__ import annotations

from pathlib import Path

import click

from hub.cli.output import note, print_json, printable
from hub.errors import PolicyError, UsageError

__all__ = ["check_command", "read"]


@click.command("check")
@click.argument("path", type=click.Path(path_type=Path), default=Path("registry.json"), required=False)
@click.option("--base", metavar="REV", help="Check only what differs from this revision, such as origin/main.")
@click.option("--against", type=click.Path(path_type=Path), metavar="FILE", help="The same, from a file.")
@click.option("--author", metavar="LOGIN", default="", help="Who asks for the change: checks who may make it.")
@click.option("--no-sources", is_flag=True, help="Fetch nothing: what stands in the registry alone.")
@click.option("--no-smoke", is_flag=True, help="Fetch, and ask the models nothing.")
@click.option("--no-plugins", is_flag=True, help="Install no plugin.")
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Try plugins in this environment, not a fresh one.",
)
@click.option("--allow-files", is_flag=True, help="Allow file: sources, for a registry on a shared disk.")
@click.option("--minutes", type=click.FloatRange(min=0), default=30.0, show_default=True, help="Most for one model.")
@click.option("--github", is_flag=True, help="Print annotations for a pull request, and write its summary.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check_command(
    path: Path,
    base: str | None,
    against: Path | None,
    author: str,
    no_sources: bool,
    no_smoke: bool,
    no_plugins: bool,
    python: Path | None,
    allow_files: bool,
    minutes: float,
    github: bool,
    as_json: bool,
) -> None:
    """Check a registry, or what a change does to it.

    Looks at schema and names, that listed bytes stay and nothing is removed, licences, who may change the entry and
    hostile text; then fetches each file from each of its sources, asks the model something, and installs and checks
    plugins, in processes that have none of your secrets. A plugin is code: for a stranger's, use a machine that is
    thrown away afterwards. Ends with 4 where something keeps the change out.
    """
    from hub.publish.checking import Extent, check
    from hub.publish.git import file_at

    if base is not None and against is not None:
        raise UsageError("--base and --against name two beginnings; give one")
    after = read(path)
    before = file_at(path, base) if base is not None else (None if against is None else read(against))
    extent = Extent(
        author=author,
        sources=not no_sources,
        smoke=not no_smoke,
        plugins=not no_plugins,
        python=python,
        local=allow_files,
        minutes=minutes,
    )
    checked = check(before, after, name=str(path), extent=extent, heard=lambda text: note(printable(text)))
    from hub.cli import registry_report as report

    if as_json:
        print_json(report.report_json(checked))
    elif github:
        report.print_annotations(checked, path, after.decode(errors="replace"))
    else:
        report.print_report(checked)
    if checked.faults:
        raise PolicyError(
            f"{report.faults_keep(checked.faults)} this change out of {path}",
            hint="Mend them and check again. See docs/registry.md",
        )


def read(path: Path) -> bytes:
    """Content of a registry file.

    Raises
    ------
    UsageError
        It is not there.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="Name a registry.json") from error
