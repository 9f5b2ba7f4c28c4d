"""`GET /api/tags`, `/api/ps`, `/api/version` and `POST /api/show`: what there is and what runs.

Names are aliases where a model has one, with `:latest`, as clients of Ollama write them; both forms are understood.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub import __version__
from hub.server.apis.ollama.shapes import EVER, ShowRequest
from hub.server.insight.processes import resident
from hub.server.models.names import Served
from hub.server.service import Service
from hub.server.web import Request, Response, json_response, read_json
from hub.types import JSON

__all__ = ["list_loaded", "list_tags", "show", "version"]

_TASKS = {"text-generation": "completion", "feature-extraction": "embedding"}


async def version(_: Request, __: Service) -> Response:
    """The hub's own version."""
    return json_response({"version": __version__})


async def list_tags(request: Request, service: Service) -> Response:
    """Models of text that this caller may name."""
    return json_response({"models": [_tag(served) for served in await _allowed(request, service)]})


async def list_loaded(request: Request, service: Service) -> Response:
    """Models that are in memory."""
    by_id = {served.model.id: served for served in await _allowed(request, service)}
    shown: list[JSON] = []
    for running in service.manager.running:
        served = by_id.get(running.plan.model)
        if served is None:
            continue
        stays = EVER if running.keep_alive < 0 or running.pinned else min(running.keep_alive, EVER)
        memory = resident(running.pid or 0) or running.plan.estimate.total
        until = (datetime.now(UTC) + timedelta(seconds=stays)).isoformat()
        gpu = 0 if running.plan.device == "cpu" else memory
        shown.append({**_tag(served), "size": memory, "size_vram": gpu, "expires_at": until})
    return json_response({"models": shown})


async def show(request: Request, service: Service) -> Response:
    """One model: what it is for, its licence and its numbers."""
    asked = await read_json(request, ShowRequest)
    model = (await service.target(request, asked.model or asked.name)).model
    tag = next((served for served in await _allowed(request, service) if served.model.id == model.id), None)
    info: dict[str, JSON] = {"general.architecture": model.family or "", "general.license": model.license}
    if model.context_length:
        info[f"{model.family}.context_length"] = model.context_length
    return json_response(
        {
            "license": model.license,
            "modelfile": "",
            "parameters": "",
            "template": "",
            "details": _details(tag) if tag is not None else {},
            "model_info": info,
            "capabilities": [_TASKS[model.task]] if model.task in _TASKS else [],
        }
    )


async def _allowed(request: Request, service: Service) -> list[Served]:
    return [served for served in await service.offered(request) if served.model.task in _TASKS]


def _tag(served: Served) -> dict[str, JSON]:
    name = f"{(served.model.aliases or (served.name,))[0]}:latest"
    return {
        "name": name,
        "model": name,
        "modified_at": served.pulled or "1970-01-01T00:00:00+00:00",
        "size": served.size,
        "digest": served.digest.removeprefix("sha256:"),
        "details": _details(served),
    }


def _details(served: Served) -> dict[str, JSON]:
    here = [variant for variant in served.model.variants if variant.name in served.variants]
    first = here[0] if here else next(iter(served.model.variants), None)
    return {
        "parent_model": "",
        "format": first.format if first is not None else "",
        "family": served.model.family or "",
        "families": [served.model.family] if served.model.family else [],
        "parameter_size": "",
        "quantization_level": first.precision or "" if first is not None else "",
    }
