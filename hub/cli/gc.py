"""`hub gc`: frees what no pulled model refers to; shows it before it goes."""

from __future__ import annotations

import sys

import click

from hub.cli.output import human_size, note, print_json, print_table
from hub.store.garbage import Garbage
from hub.store.store import Store
from hub.types import JSON

__all__ = ["command"]

_KINDS = {
    "artifact": "folder of links that no pulled model needs",
    "blob": "file that no pulled model needs, or data of a task",
    "partial": "download that did not finish",
    "session": "scratch files of a pull that was killed",
}


@click.command("gc")
@click.option("--dry-run", is_flag=True, help="Show what would go, and leave it.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(dry_run: bool, yes: bool, as_json: bool) -> None:
    """Free what nothing refers to.

    Files that no pulled model needs, downloads that did not finish, and what killed pulls left. What a pull that is
    running needs stays, and so does everything in the Hugging Face cache, and a public data set while a model that was
    made with it is here (hub list), so that it can be made again.
    """
    from hub.runtime.transforms.lineage import data_in_use

    store = Store()
    kept = data_in_use(store)
    items = store.garbage(kept)
    if not as_json:
        print_table(("frees", "what", "name"), [_row(item) for item in items])
    if not items:
        note("Nothing to free.")
    elif not dry_run:
        total = human_size(sum(item.size for item in items))
        if not yes and sys.stdin.isatty():
            click.confirm(f"Free {total}?", abort=True, err=True)
        items = store.collect(kept)
        note(f"Freed {human_size(sum(item.size for item in items))}")
    if as_json:
        print_json({"items": [_as_json(item) for item in items], "freed": _freed(items, dry_run=dry_run)})


def _freed(items: list[Garbage], *, dry_run: bool) -> int:
    return 0 if dry_run else sum(item.size for item in items)


def _row(item: Garbage) -> tuple[str, str, str]:
    return human_size(item.size), _KINDS[item.kind], item.name


def _as_json(item: Garbage) -> JSON:
    return {"kind": item.kind, "name": item.name, "size": item.size, "path": str(item.path)}
