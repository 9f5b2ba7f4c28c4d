"""`/hub/v1/load` and `/hub/v1/pin`: models ahead of their first request, and those that stay. For who may manage."""

from __future__ import annotations

import msgspec

from hub.server.apis.managing import admin_of, audit
from hub.server.apis.own import running_json, running_of
from hub.server.service import Service
from hub.server.web import Request, Response, json_response, read_json

__all__ = ["Load", "Pin", "load_model", "pin_model"]


class Load(msgspec.Struct):
    """Which model is to be loaded."""

    model: str


class Pin(msgspec.Struct):
    """Which model is to stay, or may be unloaded again when nobody uses it."""

    model: str
    pinned: bool = True


async def load_model(request: Request, service: Service) -> Response:
    """Load a model, and answer once it is there."""
    caller = admin_of(request)
    asked = await read_json(request, Load)
    running = await service.model(request, asked.model)
    await audit(service, caller, "load", {"model": running.name})
    return json_response(running_json(running))


async def pin_model(request: Request, service: Service) -> Response:
    """Let a model that runs stay until it is stopped, or not any more."""
    caller = admin_of(request)
    asked = await read_json(request, Pin)
    found = await running_of(service, asked.model)
    for running in found:
        running.pinned = asked.pinned
        running.touch()
    await audit(service, caller, "pin" if asked.pinned else "unpin", {"model": asked.model})
    return json_response({"models": [running_json(running) for running in found]})
