"""Which server a command asks, and the option that names it. Knows nothing of what is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from hub.runtime.client.link import Link

__all__ = ["link_to", "server_options"]

F = TypeVar("F", bound=Callable[..., Any])  # Any: click passes what the options declare


def server_options(function: F) -> F:
    """`--server` and `--key`; without them the server of this user on this machine."""
    url = click.option(
        "--server", metavar="URL", envvar="HUB_SERVER", help="Server to ask; else yours on this machine."
    )
    key = click.option("--key", metavar="KEY", envvar="HUB_SERVER_KEY", help="Key for the server.")
    return url(key(function))


def link_to(server: str | None, key: str | None) -> Link:
    """The way to the server.

    Raises
    ------
    UsageError
        The address is none, or no server runs here, or several do.
    """
    from hub.runtime.client.link import Link
    from hub.runtime.client.places import find_place

    return Link(find_place(server, key))
