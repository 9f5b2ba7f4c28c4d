"""`hub stop`: unloads a model from a server."""

from __future__ import annotations

import click

from hub.cli.output import note
from hub.cli.servers import link_to, server_options

__all__ = ["command"]


@click.command("stop")
@click.argument("model")
@click.option("--force", is_flag=True, help="End the requests that it answers; otherwise they are waited for.")
@server_options
def command(model: str, force: bool, server: str | None, key: str | None) -> None:
    """Unload MODEL from a server, and give its memory back.

    It is loaded again when somebody asks for it. The server itself ends with Ctrl-C, or with SIGTERM.
    """
    stopped = link_to(server, key).post("/hub/v1/stop", {"model": model, "force": force})["stopped"]
    note(f"Unloaded {', '.join(stopped)}")
