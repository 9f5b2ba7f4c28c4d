"""`hub top`: the models of a server, live on a terminal. Shows what `hub ps` and the server's meters say."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from hub.cli.output import human_size, is_terminal, print_table
from hub.cli.ps import HEADERS, row
from hub.cli.servers import link_to, server_options

__all__ = ["command"]


@click.command("top")
@click.option(
    "--every", metavar="SECONDS", type=click.FloatRange(0.2), default=1.0, show_default=True, help="How often."
)
@click.option("--count", type=click.IntRange(1), help="Look so many times; otherwise until Ctrl-C.")
@server_options
def command(every: float, count: int | None, server: str | None, key: str | None) -> None:
    """Watch the models of a server: requests, memory and CPU. Ctrl-C ends it."""
    link = link_to(server, key)
    before: dict[str, tuple[float, float]] = {}
    seen = 0
    while True:
        found, now = link.get("/hub/v1/ps"), time.monotonic()
        if is_terminal():
            click.clear()
        click.echo(f"{link.place.url} · hub {found['version']} · {human_size(found['memory'])}")
        _show(found["models"], before, now)
        before = {model["name"]: (now, model["cpu_seconds"]) for model in found["models"]}
        seen += 1
        if seen == count:
            return
        time.sleep(every)


def _show(models: list[dict[str, Any]], before: Mapping[str, tuple[float, float]], now: float) -> None:  # Any: JSON
    rows = [(*row(model), _cpu(model, before, now)) for model in models]
    print_table((*HEADERS, "cpu"), rows)


def _cpu(model: Mapping[str, Any], before: Mapping[str, tuple[float, float]], now: float) -> str:  # Any: JSON
    """Share of one CPU since the last look, in per cent."""
    if model["name"] not in before:
        return "-"
    at, seconds = before[model["name"]]
    return f"{max(0.0, model['cpu_seconds'] - seconds) / max(now - at, 1e-9):.0%}"
