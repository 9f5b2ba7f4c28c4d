"""`hub logs`: what a server logged last, and what it logs from now on."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

import click

from hub.cli.output import json_text, printable
from hub.cli.servers import link_to, server_options

__all__ = ["command"]

_PAUSE = 1.0
_SHOWN = ("number", "time", "level", "logger", "message", "traceback")


@click.command("logs")
@click.argument("model", required=False, default="")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes.")
@click.option("--lines", "-n", type=click.IntRange(0), default=100, show_default=True, help="How many of the last.")
@server_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(model: str, follow: bool, lines: int, server: str | None, key: str | None, as_json: bool) -> None:
    """Show what a server logged: of MODEL, or all of it.

    Prompts and answers are never logged.
    """
    link, after = link_to(server, key), 0
    records = link.get("/hub/v1/logs", model=model)["records"]
    while True:
        for record in records[-lines:] if not after and lines else records if after else ():
            click.echo(json_text(record, sys.stdout) if as_json else _line(record))
        after = max([after, *(record["number"] for record in records)])
        if not follow:
            return
        time.sleep(_PAUSE)
        records = link.get("/hub/v1/logs", model=model, after=after)["records"]


def _line(record: Mapping[str, Any]) -> str:  # Any: JSON
    """The time, how bad it is where it is, the message, and the fields that were given with it."""
    level = "" if record["level"] == "info" else f"{record['level'].upper()} "
    fields = " ".join(f"{name}={value}" for name, value in record.items() if name not in _SHOWN and value != "")
    return printable(f"{record['time'][:19].replace('T', ' ')} {level}{record['message']}  {fields}".rstrip())
