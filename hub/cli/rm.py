"""`hub rm`: removes what was pulled; says what goes and what that frees before it does."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from hub.cli.completion import complete_pulled
from hub.cli.output import human_size, note, print_json
from hub.errors import BadReference, HubError
from hub.registry.catalogue import load_catalogue
from hub.registry.names import key, near
from hub.store.records import Record
from hub.store.store import Store

__all__ = ["command"]


@click.command("rm")
@click.argument("models", metavar="MODEL[:VARIANT]...", nargs=-1, required=True, shell_complete=complete_pulled)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(models: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Remove a model's weights.

    Without a variant, all variants that were pulled. Files that another model shares stay, and so does everything in
    the Hugging Face cache.
    """
    store = Store()
    records = _chosen(models, store.records())
    freed = sum(item.size for item in store.remove(records, dry_run=True))
    shared = "" if freed else " (its files are shared with other models or the Hugging Face cache, and stay)"
    note("Removes " + ", ".join(record.name for record in records) + f"; frees {human_size(freed)}{shared}")
    if not yes and sys.stdin.isatty():
        click.confirm("Go on?", abort=True, err=True)
    freed = sum(item.size for item in store.remove(records))
    if as_json:
        print_json({"removed": [{"model": each.model, "variant": each.variant} for each in records], "freed": freed})


def _chosen(models: Sequence[str], records: Sequence[Record]) -> list[Record]:
    """Records that the person names, each once.

    Raises
    ------
    BadReference
        One of them names nothing that was pulled.
    """
    chosen: dict[str, Record] = {}
    for text in models:
        found = _named(text, records)
        if not found:
            close = near(text, [record.name for record in records] + [record.model for record in records])
            hint = f"Near names: {', '.join(close)}" if close else "See what is: hub list"
            raise BadReference(f"'{text}' is not on this machine", hint=hint)
        chosen.update({record.name: record for record in found})
    return list(chosen.values())


def _named(text: str, records: Sequence[Record]) -> list[Record]:
    """Records of `MODEL` or `MODEL:VARIANT`, where the model is an id, an alias, or what it was pulled as."""
    stem, colon, variant = text.rpartition(":")
    for name, wanted in [(text, None), *([(stem, variant)] if colon else [])]:
        ids = _ids(name, records)
        found = [record for record in records if key(record.model) in ids]
        if wanted is not None:
            found = [record for record in found if key(record.variant) == key(wanted)]
        if found:
            return found
    return []


def _ids(name: str, records: Sequence[Record]) -> set[str]:
    """Ids, in the form that compares, that a name may stand for."""
    wanted = key(name.partition("@")[0])
    ids = {key(record.model) for record in records if wanted in {key(record.model), key(_stem(record))}}
    if ids:
        return ids
    try:
        return {key(load_catalogue().find(name).model.id)}
    except HubError:
        return set()


def _stem(record: Record) -> str:
    """What the model was pulled as, without variant and revision."""
    return record.reference.removesuffix(f":{record.variant}").partition("@")[0]
