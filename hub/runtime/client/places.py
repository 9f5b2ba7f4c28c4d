"""Which server is meant: its address and a key, given or found on this machine. Reads files; opens no connection."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from hub import config
from hub.errors import UsageError

__all__ = ["Place", "find_place", "local_places"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A server: its address without a slash at the end, and the key that it is asked with."""

    url: str
    key: str = ""


def find_place(url: str | None = None, key: str | None = None) -> Place:
    """The server at an address, or the one of this user that runs on this machine.

    Parameters
    ----------
    key
        By default `HUB_SERVER_KEY`; a server of this user on this machine needs none.

    Raises
    ------
    UsageError
        The address is none, or no server runs here, or several do.
    """
    wanted = url or os.environ.get("HUB_SERVER", "")
    given = key or os.environ.get("HUB_SERVER_KEY", "")
    here = local_places()
    if wanted:
        parts = urlsplit(wanted)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"'{wanted}' is no address of a server", hint="Write it as http://127.0.0.1:4820")
        clean = wanted.rstrip("/").removesuffix("/v1")
        own = next((place.key for place in here if place.url == clean), "")
        return Place(url=clean, key=given or own)
    if len(here) == 1:
        return here[0]
    if here:
        raise UsageError("several servers run here", hint=f"Say which: --server {here[0].url}")
    raise UsageError("no server of yours runs on this machine", hint="Start one: hub serve. Or name one: --server URL")


def local_places() -> list[Place]:
    """Servers of this user that run on this machine."""
    found = []
    for path in sorted((config.home() / "server").glob("*.json")):
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
            os.kill(int(note["pid"]), 0)
            found.append(Place(url=str(note["url"]), key=str(note["key"])))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # of a server that was killed
    return found
