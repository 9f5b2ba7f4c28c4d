"""Makes the application in a worker process, from the settings that its parent put into the environment."""

from __future__ import annotations

import os

import msgspec

from hub_mirror.app import Application
from hub_mirror.service import Service, Settings

__all__ = ["application"]


def application() -> Application:
    """Called by the server, once a process."""
    settings = msgspec.json.decode(
        os.environ["HUB_MIRROR_SETTINGS"], type=Settings, dec_hook=lambda kind, value: kind(value)
    )
    return Application(Service.open(settings))
