"""`hub mirror`: serves a hub of one's own, and looks after it."""

from __future__ import annotations

import click

from hub_mirror.commands.care import check, gc
from hub_mirror.commands.carry import export_, import_, pull_
from hub_mirror.commands.people import org, user
from hub_mirror.commands.serve import serve
from hub_mirror.commands.tokens import token

__all__ = ["command"]


@click.group("mirror")
def command() -> None:
    """Serve models, datasets and spaces to the stock Hugging Face clients.

    Everything lies below one folder, named with --root or HUB_MIRROR_ROOT.
    """


for each in (serve, user, token, org, pull_, export_, import_, check, gc):
    command.add_command(each)
