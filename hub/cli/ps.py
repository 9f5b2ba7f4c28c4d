"""`hub ps`: the models that a server runs. Also what `hub top` shows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from hub.cli.output import human_size, is_terminal, note, print_json, print_table
from hub.cli.servers import link_to, server_options

__all__ = ["HEADERS", "command", "row"]

HEADERS = ("model", "task", "backend", "device", "memory", "running", "waiting", "unloads in")


@click.command("ps")
@server_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(server: str | None, key: str | None, as_json: bool) -> None:
    """Show the models that a server runs, and what they take."""
    found = link_to(server, key).get("/hub/v1/ps")
    if as_json:
        print_json(found)
        return
    if found["trouble"]:
        note(f"Usage is not written: {found['trouble']}")
    for name in found["loading"]:
        note(f"{name} is being loaded")
    if not found["models"]:
        note("No model is loaded: each is loaded when it is first asked for.")
    print_table(HEADERS, [row(model) for model in found["models"]])


def row(model: Mapping[str, Any]) -> Sequence[str]:  # Any: JSON
    """What is shown of a model."""
    memory = human_size(model["memory"]) if is_terminal() else str(model["memory"])
    return (
        model["name"],
        model["task"],
        model["backend"],
        model["device"],
        memory,
        f"{model['running']}/{model['slots']}",
        str(model["waiting"]),
        _left(model["unload_in"]),
    )


def _left(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
