"""`/hub/v1/pulls`: models that the server downloads, and how far it is, as events. For those who may manage it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from hub.errors import BadReference
from hub.registry.catalogue import load_catalogue
from hub.runtime.references.resolve import resolve
from hub.runtime.references.target import Target
from hub.server.apis.managing import admin_of, audit
from hub.server.faults import Fault
from hub.server.service import Service
from hub.server.web import Events, Request, Response, json_response, read_json

__all__ = ["Wanted", "cancel_pull", "list_pulls", "pull_model", "watch_pulls"]


class Wanted(msgspec.Struct):
    """What is to be downloaded; without a variant, the one that would run on this machine."""

    model: str
    variant: str = ""


async def pull_model(request: Request, service: Service) -> Response:
    """Download a model of a registry, or join who has it downloaded; answers at once."""
    caller = admin_of(request)
    asked = await read_json(request, Wanted)
    if service.settings.only:
        raise Fault(403, "not_allowed", "this server serves the models of its command line and no others: --only")
    target = await asyncio.to_thread(_listed, asked)
    caller.check(target.model)
    pull = service.pulls.start(target)
    await audit(service, caller, "pull", {"model": target.model.id, "variant": asked.variant})
    return json_response(pull.told(), 202)


async def list_pulls(request: Request, service: Service) -> Response:
    """Downloads that run, and those that ended last."""
    admin_of(request)
    return json_response({"pulls": [pull.told() for pull in service.pulls.listed()]})


async def watch_pulls(request: Request, service: Service) -> Response:
    """The same as events, whenever something has changed, until all have ended."""
    admin_of(request)
    return Events(_events(service))


async def cancel_pull(request: Request, service: Service) -> Response:
    """Give a download up; what has come of it is kept, and the next one goes on from there."""
    caller = admin_of(request)
    pull = service.pulls.cancel(request.path_params["pull"])
    if pull is None:
        raise Fault(404, "not_found", "there is no such download")
    await audit(service, caller, "pull.cancel", {"model": pull.target.model.id, "variant": pull.variant})
    return json_response(pull.told())


async def _events(service: Service) -> AsyncIterator[bytes]:
    async for told in service.pulls.changes():
        yield b"data: " + msgspec.json.encode({"pulls": told}) + b"\n\n"


def _listed(asked: Wanted) -> Target:
    """An entry of a registry; a stranger names no path and no unlisted repository.

    Raises
    ------
    BadReference
        It is none, or has no such variant.
    """
    name = f"{asked.model}:{asked.variant}" if asked.variant else asked.model
    load_catalogue().find(name.partition(":")[0])
    target = resolve(name)
    if target.root is not None or target.revision:
        raise BadReference(f"'{name[:200]}' is in no registry", hint="See: hub search")
    return target
