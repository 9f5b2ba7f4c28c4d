"""The application: every path, the interface that answers it, and the shape in which that interface says errors."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hub.server.apis import benches, catalogue, health, loading, own, page, plain, pulling, remote, tasks
from hub.server.apis.inference import open as open_inference
from hub.server.apis.inference import tensorflow
from hub.server.apis.ollama import answers, tags
from hub.server.apis.openai import audio, chat, embeddings, errors, models, responses
from hub.server.entrance import Entrance
from hub.server.faults import Fault, fault_of
from hub.server.openapi import document
from hub.server.service import Service
from hub.server.web import (
    ASGIApp,
    ClientDisconnect,
    HTTPException,
    Receive,
    Request,
    Response,
    Route,
    Scope,
    Send,
    Starlette,
    json_response,
)
from hub.types import JSON

__all__ = ["PATHS", "make_app"]

_LOG = logging.getLogger("hub.server")
Handler = Callable[[Request, Service], Awaitable[Response]]
Shape = Callable[[Fault], dict[str, JSON]]

PATHS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/healthz", health.alive),
    ("GET", "/readyz", health.ready),
    ("GET", "/metrics", health.metrics),
    ("GET", "/v1/models", models.list_models),
    ("GET", "/v1/models/{model:path}", models.show_model),
    ("POST", "/v1/chat/completions", chat.chat),
    ("POST", "/v1/completions", chat.complete),
    ("POST", "/v1/responses", responses.respond),
    ("POST", "/v1/embeddings", embeddings.embed),
    ("POST", "/v1/audio/transcriptions", audio.transcribe),
    ("POST", "/v1/audio/translations", audio.translate),
    ("POST", "/v1/audio/speech", audio.speak),
    ("POST", "/v1/models/{model:path}:predict", tensorflow.predict),
    ("POST", "/v1/models/{model:path}:classify", tensorflow.classify),
    ("GET", "/v2", open_inference.server_metadata),
    ("GET", "/v2/health/live", open_inference.live),
    ("GET", "/v2/health/ready", open_inference.ready),
    ("GET", "/v2/models/{model:path}/ready", open_inference.model_ready),
    ("POST", "/v2/models/{model:path}/infer", open_inference.infer),
    ("GET", "/v2/models/{model:path}", open_inference.model_metadata),
    ("GET", "/api/version", tags.version),
    ("GET", "/api/tags", tags.list_tags),
    ("GET", "/api/ps", tags.list_loaded),
    ("POST", "/api/show", tags.show),
    ("POST", "/api/chat", answers.chat),
    ("POST", "/api/generate", answers.generate),
    ("POST", "/api/embed", answers.embed),
    ("POST", "/api/embeddings", answers.embed_one),
    ("POST", "/tasks/{task}", tasks.answer_task),
    ("POST", "/tasks/{task}/{model:path}", tasks.answer_task),
    ("POST", "/hub/v1/describe", remote.describe),
    ("POST", "/hub/v1/infer/{model:path}", remote.infer),
    ("GET", "/hub/v1/ps", own.list_running),
    ("POST", "/hub/v1/stop", own.stop_model),
    ("POST", "/hub/v1/load", loading.load_model),
    ("POST", "/hub/v1/pin", loading.pin_model),
    ("GET", "/hub/v1/about", catalogue.about),
    ("GET", "/hub/v1/catalogue", catalogue.search_catalogue),
    ("GET", "/hub/v1/catalogue/{model:path}", catalogue.show_entry),
    ("GET", "/hub/v1/pulls", pulling.list_pulls),
    ("POST", "/hub/v1/pulls", pulling.pull_model),
    ("GET", "/hub/v1/pulls/events", pulling.watch_pulls),
    ("DELETE", "/hub/v1/pulls/{pull}", pulling.cancel_pull),
    ("GET", "/hub/v1/benches", benches.list_benches),
    ("GET", "/hub/v1/logs", own.show_logs),
    ("GET", "/hub/v1/usage", own.show_usage),
    ("GET", "/hub/v1/audit", own.list_audit),
    ("GET", "/hub/v1/keys", own.list_keys),
    ("POST", "/hub/v1/keys", own.add_key),
    ("DELETE", "/hub/v1/keys/{name:path}", own.revoke_key),
)

_INTERFACES: tuple[tuple[str, str, Shape], ...] = (
    ("/v1/", "openai", errors.error_body),
    ("/v2", "open-inference", plain.error_body),
    ("/api/", "ollama", plain.error_body),
    ("/tasks/", "tasks", tasks.error_body),
    ("/hub/", "hub", own.error_body),
)


def make_app(service: Service) -> ASGIApp:
    """The application of a server; it loads models when it starts and unloads them when it ends."""

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    routes = [Route(path, Endpoint(handler, service), methods=[method]) for method, path, handler in PATHS]
    routes += [Route(path, Endpoint(page.page, service), methods=["GET"]) for path in page.PATHS]
    routes.append(Route("/openapi.json", _describe, methods=["GET"]))
    app = Application(routes=routes, lifespan=life)
    return Entrance(app, service.settings, service.guard, service.meters, refuse, interface_of)


class Application(Starlette):
    """Finds the endpoint of a path. Errors are answered here and in the entrance, not by middlewares of Starlette."""

    def build_middleware_stack(self) -> ASGIApp:
        """The routes, with nothing around them."""
        return self._route

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.router(scope, receive, send)
        except HTTPException as error:
            request = Request(scope)
            await (_other_method(request) if error.status_code == 405 else _nothing_here(request))(scope, receive, send)


class Endpoint:
    """What answers at a path, as an ASGI application."""

    def __init__(self, handler: Handler, service: Service) -> None:
        self._handler = handler
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; what fails is an answer in the shape of the path."""
        request = Request(scope, receive, send)
        response = await _answer(self._handler, self._service, request)
        await response(scope, receive, send)


def interface_of(path: str) -> str:
    """Name of the interface that a path belongs to, for meters."""
    return next((name for prefix, name, _ in _INTERFACES if path.startswith(prefix)), "other")


def refuse(path: str, fault: Fault) -> Response:
    """An error as the interface of the path gives it."""
    shape = next((shape for prefix, _, shape in _INTERFACES if path.startswith(prefix)), errors.error_body)
    if path.endswith((":predict", ":classify")):
        shape = plain.error_body
    return json_response(shape(fault), fault.status, fault.headers)


async def _answer(handler: Handler, service: Service, request: Request) -> Response:
    try:
        return await handler(request, service)
    except ClientDisconnect:
        return Response(status_code=499)
    except Exception as error:
        fault = fault_of(error)
        if fault.code == "internal_error":
            _LOG.exception("a request failed", extra={"request": request.scope.get("hub.request", "")})
        return refuse(request.url.path, fault)


async def _describe(_: Request) -> Response:
    return Response(document(PATHS), media_type="application/json")


def _nothing_here(request: Request) -> Response:
    path = request.url.path
    return refuse(path, Fault(404, "not_found", f"there is nothing at {request.method} {path[:200]}"))


def _other_method(request: Request) -> Response:
    path = request.url.path
    found = [route for route in request.app.routes if isinstance(route, Route) and route.path_regex.match(path)]
    allowed = ", ".join(sorted({method for route in found for method in route.methods or ()}))
    told = f"{request.method} is not for this path: {allowed}"
    return refuse(path, Fault(405, "method_not_allowed", told, headers={"Allow": allowed}))
