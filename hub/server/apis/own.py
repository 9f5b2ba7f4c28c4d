"""The hub's own interface below `/hub/v1`: what runs, logs, keys and usage, for `hub ps` and its like."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from hub import __version__
from hub.errors import BadReference
from hub.memory import free_memory, total_memory
from hub.registry.names import key as spelled
from hub.runtime.client.wire import error_to
from hub.server.access.keys import make_key
from hub.server.apis.managing import admin_of, audit
from hub.server.apis.values import as_count
from hub.server.faults import Fault
from hub.server.insight.processes import cpu_seconds, resident
from hub.server.models.running import Running
from hub.server.service import Service, caller_of
from hub.server.web import Request, Response, json_response, read_json
from hub.types import JSON

__all__ = [
    "add_key",
    "error_body",
    "list_audit",
    "list_keys",
    "list_running",
    "revoke_key",
    "running_json",
    "running_of",
    "show_logs",
    "show_usage",
    "stop_model",
]


class NewKey(msgspec.Struct):
    """What a key is to allow."""

    name: str
    models: list[str] = []
    tasks: list[str] = []
    admin: bool = False
    rate: Annotated[int, Meta(ge=0)] = 0
    tokens: Annotated[int, Meta(ge=0)] = 0
    priority: Annotated[int, Meta(ge=-10, le=10)] = 0


class Stop(msgspec.Struct):
    """Which model is to go."""

    model: str
    force: bool = False


def error_body(fault: Fault) -> dict[str, JSON]:
    """The document of an error: that of OpenAI, with what the error of the hub says besides."""
    told: dict[str, JSON] = {"message": fault.message, "code": fault.code, "param": fault.param or None}
    return {"error": told if fault.error is None else {**told, **error_to(fault.error)}}


async def list_running(request: Request, service: Service) -> Response:
    """Models that run, and how they are."""
    admin_of(request)
    running = [running_json(each) for each in service.manager.running]
    return json_response(
        {
            "version": __version__,
            "pid": os.getpid(),
            "memory": resident(os.getpid()),
            "free_memory": free_memory(),
            "total_memory": total_memory(),
            "ready": service.ready,
            "loading": list(service.manager.loading),
            "trouble": service.metering.fault,
            "models": running,
        }
    )


async def stop_model(request: Request, service: Service) -> Response:
    """Unload a model."""
    caller = admin_of(request)
    asked = await read_json(request, Stop)
    found = await running_of(service, asked.model)
    for each in found:
        await service.manager.unload(each, force=asked.force)
    await audit(service, caller, "stop", {"model": asked.model, "force": asked.force})
    return json_response({"stopped": [each.name for each in found]})


async def show_logs(request: Request, service: Service) -> Response:
    """What was logged last, after a number."""
    admin_of(request)
    after = as_count(request.query_params.get("after", "0"))
    if after is None:
        raise Fault(400, "invalid_request", "after is a number", param="after")
    model = request.query_params.get("model", "")
    return json_response({"records": service.recent.after(after, model)})


async def show_usage(request: Request, service: Service) -> Response:
    """What was used by key, model and day: all of it for an admin, the caller's own otherwise."""
    caller = caller_of(request)
    since = _day(request.query_params.get("since", ""), "since")
    until = _day(request.query_params.get("until", ""), "until") or "9999"
    await service.metering.write()
    own = None if caller.rights["admin"] else caller.key
    uses = await asyncio.to_thread(service.database.usage, since=since, until=until, key=own)
    names = {key.id: key.name for key in await asyncio.to_thread(service.database.all_keys)}
    return json_response({"usage": [use.told(names) for use in uses]})


async def list_keys(request: Request, service: Service) -> Response:
    """Every key, without what would let one in."""
    admin_of(request)
    return json_response({"keys": [key.told() for key in await asyncio.to_thread(service.database.all_keys)]})


async def add_key(request: Request, service: Service) -> Response:
    """Make a key; its text is in this answer and nowhere else."""
    caller = admin_of(request)
    asked = await read_json(request, NewKey)
    text, key = make_key(**msgspec.structs.asdict(asked))
    await asyncio.to_thread(service.database.add_key, key)
    service.guard.forget()
    await audit(service, caller, "keys.add", {"name": key.name, **key.rights})
    return json_response({"key": text, **key.told()}, 201)


async def revoke_key(request: Request, service: Service) -> Response:
    """Revoke a key by its name or id."""
    caller = admin_of(request)
    key = await asyncio.to_thread(service.database.revoke, request.path_params["name"])
    service.guard.forget()
    await audit(service, caller, "keys.revoke", {"name": key.name})
    return json_response({"revoked": key.name})


async def list_audit(request: Request, service: Service) -> Response:
    """What admins did, the latest first."""
    admin_of(request)
    return json_response({"audit": await asyncio.to_thread(service.database.audits)})


async def running_of(service: Service, name: str) -> list[Running]:
    """Models that run and have this name.

    Raises
    ------
    BadReference
        None does.
    """
    wanted = spelled(name)
    found = [each for each in service.manager.running if wanted in await asyncio.to_thread(_names, service, each)]
    if not found:
        running = ", ".join(each.name for each in service.manager.running) or "none"
        raise BadReference(f"no model '{name}' is loaded", hint=f"Loaded: {running}")
    return found


def _names(service: Service, running: Running) -> set[str]:
    plan = running.plan
    names = {running.name, plan.model, plan.reference, plan.model.rpartition("/")[2]}
    for served in service.manager.names.listed():
        if served.model.id == plan.model:
            names |= {served.model.name, *served.model.aliases}
    return {spelled(name) for name in names}


def running_json(running: Running) -> dict[str, JSON]:
    """How a model that runs is."""
    plan, pid = running.plan, running.pid or 0
    left = None if running.pinned or running.keep_alive < 0 else max(0.0, running.keep_alive - running.idle)
    return {
        "name": running.name,
        "task": running.task.id,
        "backend": plan.backend,
        "device": plan.device,
        "pid": pid,
        "memory": resident(pid),
        "expected_memory": plan.estimate.total,
        "cpu_seconds": cpu_seconds(pid),
        "slots": running.slots,
        "running": running.schedule.running,
        "waiting": running.schedule.waiting,
        "pieces": running.schedule.pieces,
        "answered": running.schedule.answered,
        "loaded": datetime.fromtimestamp(running.loaded, UTC).isoformat(timespec="seconds"),
        "load_seconds": round(running.took, 3),
        "idle_seconds": round(running.idle, 1),
        "unload_in": None if left is None else round(left, 1),
        "pinned": running.pinned,
        "up_seconds": round(time.time() - running.loaded, 1),
    }


def _day(text: str, name: str) -> str:
    if not text:
        return ""
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError as error:
        raise Fault(400, "invalid_request", f"{name} is a day, as 2026-01-31", param=name) from error
