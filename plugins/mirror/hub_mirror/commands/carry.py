"""`hub mirror pull`, `export` and `import`: repositories from another hub, and from one mirror to another."""

from __future__ import annotations

from pathlib import Path

import click

from hub_mirror.commands.root import opened, root_option
from hub_mirror.names import KINDS
from hub_mirror.parcel import export, take_in
from hub_mirror.sizes import readable
from hub_mirror.upstream.client import Upstream
from hub_mirror.upstream.pulling import pull

__all__ = ["export_", "import_", "pull_"]

_type_option = click.option(
    "--type", "kind", type=click.Choice(KINDS), default="model", show_default=True, help="What the repositories are."
)


@click.command("pull")
@root_option
@click.argument("repositories", nargs=-1, required=True, metavar="ORG/NAME[@REVISION]...")
@_type_option
@click.option(
    "--from", "source", envvar="HF_ENDPOINT", default="https://huggingface.co", show_default=True, help="Hub."
)
@click.option("--token", envvar="HF_TOKEN", default="", help="Token for it; HF_TOKEN names it too.")
@click.option("--include", multiple=True, metavar="GLOB", help="Only such files; repeat it.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No such files; repeat it.")
@click.option("--jobs", default=4, show_default=True, type=click.IntRange(1, 32), help="Files at once.")
def pull_(
    root: Path,
    repositories: tuple[str, ...],
    kind: str,
    source: str,
    token: str,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    jobs: int,
) -> None:
    """Fill the mirror from another hub. What is here is not fetched again; what was cut goes on.

    May run beside the server.
    """
    service, upstream = opened(root, make=True), Upstream(source, token)
    for each in repositories:
        name, _, revision = each.partition("@")
        if name.count("/") > 1 or not name:
            raise click.UsageError(f"'{each}' is not written as ORG/NAME[@REVISION]")
        done = pull(
            service,
            upstream,
            kind,
            name,
            revision=revision or "main",
            include=include,
            exclude=exclude,
            jobs=jobs,
            tick=lambda path, size: click.echo(f"  {path}  {readable(size)}", err=True),
        )
        click.echo(
            f"{done.repository}@{done.commit[:12]}: {done.files} files, {done.fetched} fetched, {readable(done.bytes)}"
        )


@click.command("export")
@root_option
@click.argument("repositories", nargs=-1, required=True, metavar="ORG/NAME...")
@_type_option
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
def export_(root: Path, repositories: tuple[str, ...], kind: str, out: Path) -> None:
    """Write repositories with their whole history into one file."""
    count, size = export(opened(root), [(kind, name) for name in repositories], out)
    click.echo(f"{out}: {len(repositories)} repositories, {count} contents of {readable(size)}")


@click.command("import")
@root_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def import_(root: Path, file: Path) -> None:
    """Take in a file that `hub mirror export` wrote. Each content is verified; all of it comes, or nothing.

    May run beside the server.
    """
    for name in take_in(opened(root, make=True), file):
        click.echo(name)
