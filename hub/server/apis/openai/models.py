"""`GET /v1/models` and `GET /v1/models/{model}`: what may be named."""

from __future__ import annotations

from datetime import datetime

from hub.errors import BadReference
from hub.registry.names import key
from hub.server.models.names import Served
from hub.server.service import Service
from hub.server.web import Request, Response, json_response
from hub.types import JSON

__all__ = ["list_models", "show_model"]


async def list_models(request: Request, service: Service) -> Response:
    """Every model that this caller may name."""
    return json_response({"object": "list", "data": [_shown(served) for served in await service.offered(request)]})


async def show_model(request: Request, service: Service) -> Response:
    """One of them, by its id or alias; with its state, for clients of TensorFlow Serving."""
    wanted = key(request.path_params["model"])
    for served in await service.offered(request):
        if wanted in {key(served.name), key(served.model.id), *map(key, served.model.aliases)}:
            state = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
            return json_response({**_shown(served), "model_version_status": [state]})
    raise BadReference(f"there is no model '{request.path_params['model']}' here", hint="See: GET /v1/models")


def _shown(served: Served) -> dict[str, JSON]:
    model = served.model
    return {
        "id": served.name,
        "object": "model",
        "created": int(datetime.fromisoformat(served.pulled).timestamp()) if served.pulled else 0,
        "owned_by": model.id.partition("/")[0],
        "task": model.task,
        "license": model.license,
        "summary": model.summary,
        "aliases": list(model.aliases),
        "variants": list(served.variants),
    }
