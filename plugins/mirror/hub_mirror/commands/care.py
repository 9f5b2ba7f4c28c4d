"""`hub mirror check` and `gc`: is everything there and right, and what is there for nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from hub.errors import VerificationError
from hub_mirror.checking import check as find_faults
from hub_mirror.collecting import collect
from hub_mirror.commands.root import opened, root_option
from hub_mirror.sizes import readable

__all__ = ["check", "gc"]


@click.command()
@root_option
@click.option("--quick", is_flag=True, help="Look at sizes alone, and read no content.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(root: Path, quick: bool, as_json: bool) -> None:
    """Verify the whole store: each content against its hash, each commit against its contents.

    Ends with 4 if something is wrong. May run beside the server.
    """
    service = opened(root)
    faults = []
    for fault in find_faults(service, quick=quick):
        faults.append(fault)
        if not as_json:
            click.echo(fault)
    count, size = service.database.connection.execute("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM objects").fetchone()
    if as_json:
        click.echo(json.dumps({"contents": count, "bytes": size, "faults": faults}))
    if faults:
        raise VerificationError(
            f"{len(faults)} faults in {root}",
            hint="Bring the contents back from a backup into blobs/, or upload them again",
        )
    if not as_json:
        click.echo(f"{count} contents of {readable(size)} are right")


@click.command()
@root_option
@click.option("--grace", default=24.0, show_default=True, help="Hours for which an upload without a commit is kept.")
@click.option("--dry-run", "dry", is_flag=True, help="Only say what would go.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def gc(root: Path, grace: float, dry: bool, as_json: bool) -> None:
    """Remove what nothing refers to any more. May run beside the server."""
    found = collect(opened(root), grace=grace * 3600, dry=dry)
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    word = "would be removed" if dry else "removed"
    click.echo(
        f"{found.contents} contents of {readable(found.bytes)}, {found.commits} commits, {found.pages} pages and "
        f"{found.leftovers} leftovers {word}"
    )
