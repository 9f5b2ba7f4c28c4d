"""`hub usage`: what was used, by key, model and day. Asks the server where one runs, else reads the database."""

from __future__ import annotations

import csv
import sys
from datetime import date
from typing import Any

import click

from hub.cli.output import note, print_json, print_table
from hub.cli.serve import open_database
from hub.cli.servers import link_to, server_options
from hub.errors import UsageError

__all__ = ["command"]

_COLUMNS = (
    "day",
    "key",
    "model",
    "requests",
    "errors",
    "inputs",
    "prompt_tokens",
    "generated_tokens",
    "seconds",
)


def _day(_: click.Context, option: click.Parameter, text: str) -> str:
    try:
        return text and date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise UsageError(f"--{option.name} '{text}' is no day", hint=f"Such as: --{option.name} 2026-01-31") from error


@click.command("usage")
@click.option("--since", default="", metavar="DAY", callback=_day, help="First day, as 2026-01-31, in UTC.")
@click.option("--until", default="", metavar="DAY", callback=_day, help="Last day.")
@server_options
@click.option("--database", default="", metavar="URL", help="Read this database, and ask no server.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    since: str, until: str, server: str | None, key: str | None, database: str, as_csv: bool, as_json: bool
) -> None:
    """Show what was used of a server, by key, model and day: requests, tokens and seconds of computing."""
    uses = _uses(since, until, server, key, database)
    if as_json:
        print_json(uses)
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(uses)
    else:
        if not uses:
            note("Nothing was used.")
        rows = [[str(use[name]) or "-" for name in _COLUMNS] for use in uses]
        print_table([name.replace("_", " ") for name in _COLUMNS], rows)


def _uses(since: str, until: str, server: str | None, key: str | None, database: str) -> list[dict[str, Any]]:
    from hub.runtime.client.places import local_places

    if not database and (server or local_places()):
        return list(link_to(server, key).get("/hub/v1/usage", since=since, until=until)["usage"])
    with open_database(database) as store:
        names = {each.id: each.name for each in store.all_keys()}
        return [use.told(names) for use in store.usage(since=since, until=until or "9999")]
