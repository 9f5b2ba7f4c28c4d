"""`hub list`: what is on this machine. Reads records alone: no registry, no plugin, no network."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import click

from hub.cli.output import human_size, is_terminal, note, print_json, print_table
from hub.store.records import Record
from hub.store.store import Store
from hub.types import JSON

__all__ = ["command"]


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the models on this machine.

    The size is what the files take on the disk; files that two models share are counted for both.
    """
    store = Store()
    records = store.records()
    if as_json:
        print_json([_as_json(store, record) for record in records])
        return
    if not records:
        note("Nothing is pulled yet. Find a model: hub search")
        return
    rows = [_row(store, record) for record in records]
    print_table(("model", "variant", "format", "on disk", "pulled"), rows)


def _row(store: Store, record: Record) -> tuple[str, str, str, str, str]:
    size = store.size_on_disk(record)
    pulled = datetime.fromisoformat(record.pulled).astimezone().strftime("%Y-%m-%d %H:%M") if is_terminal() else ""
    shown = human_size(size) if is_terminal() else str(size)
    return record.model, record.variant, record.format, shown, pulled or record.pulled


def _as_json(store: Store, record: Record) -> JSON:
    path = str(store.layout.artifact(record.digest))
    return {**asdict(record), "size_on_disk": store.size_on_disk(record), "path": path}
