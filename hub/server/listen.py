"""Listens: checks that it may, writes down where it is for this machine's own user, and runs until it is told to end.

SIGTERM and Ctrl-C: nothing new is taken, what was taken is answered.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hub import config
from hub.atomic import write_atomically
from hub.errors import PluginMissing, StorageError, UsageError
from hub.server.access.database import Database
from hub.server.access.places import database_address
from hub.server.app import make_app
from hub.server.http import Server
from hub.server.insight.records import Recent, log_to
from hub.server.models.loader import plan_for
from hub.server.models.names import Names
from hub.server.service import Service
from hub.server.settings import LOOPBACK, Settings

if TYPE_CHECKING:
    from hub.server.insight.tracing import Tracing

__all__ = ["serve"]


def serve(settings: Settings, told: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Parameters
    ----------
    told
        Told the address once it answers.

    Raises
    ------
    UsageError
        It would be reachable from other machines without a key, or the options do not fit together.
    StorageError
        The port is taken, or the database cannot be opened.
    HubError
        A model that was to be loaded ahead cannot be.
    """
    database = Database(settings.database or database_address())
    _check_exposure(settings, database)
    for name in settings.models:  # said before anything listens
        plan_for(Names(settings).find(name), settings)
    listening = _bind(settings)
    port = listening.getsockname()[1]
    token, recent = secrets.token_urlsafe(32), Recent()
    try:
        log_to(settings.log, recent)
    except OSError as error:
        raise StorageError(f"the log {settings.log} cannot be written: {error.strerror or error}") from error
    tracing = _tracing(settings.traces)
    service = Service(settings, database, token, recent, tracing)
    scheme = "https" if settings.certificate else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"{scheme}://{host}:{port}"
    note = _note(url, port, token)
    try:
        app = make_app(service)
        traced = app if tracing is None else tracing.wrapped(app)
        Server(traced, settings, lambda: told(url), service.pulls.give_up).run(sockets=[listening])
    finally:
        with suppress(OSError):
            note.unlink()
    if service.failure is not None:
        raise service.failure


def _tracing(address: str) -> Tracing | None:
    if not address:
        return None
    try:
        from hub.server.insight.tracing import Tracing  # an extra of its own: few collect traces
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "opentelemetry":
            raise
        raise PluginMissing(
            f"traces need '{error.name}', which is not installed", hint="pip install 'openmodelhub[traces]'"
        ) from error
    return Tracing(address)


def _check_exposure(settings: Settings, database: Database) -> None:
    if bool(settings.private_key) and not settings.certificate:
        raise UsageError("a private key needs its certificate", hint="Add --certificate FILE")
    if settings.host in LOOPBACK or settings.public or any(not key.revoked for key in database.all_keys()):
        return
    raise UsageError(
        f"on {settings.host} other machines could use this server, and no key is asked for",
        hint="Make a key: hub keys add NAME. Or say that anybody may: hub serve --public",
    )


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # said to be TCP, because asyncio sends small pieces at once only where it knows
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise StorageError(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror or error}",
            hint="Take another port: hub serve --port 0 takes any that is free",
        ) from error
    listening.setblocking(False)
    return listening


def _note(url: str, port: int, token: str) -> Path:
    """Where the commands of this user find the server, and a key that holds while it runs."""
    path = config.home() / "server" / f"{port}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = json.dumps({"url": url, "pid": os.getpid(), "key": token})
        write_atomically(path, content.encode(), mode=0o600)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
    return path
