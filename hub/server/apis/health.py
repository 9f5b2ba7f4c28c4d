"""`/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

from hub.server.insight.meters import CONTENT_TYPE
from hub.server.service import Service
from hub.server.web import Request, Response, json_response

__all__ = ["alive", "metrics", "ready"]


async def alive(_: Request, service: Service) -> Response:
    """The server runs; what does not stop it is said."""
    trouble = [f"usage is not written: {service.metering.fault}"] if service.metering.fault else []
    return json_response({"status": "ok", "trouble": trouble})


async def ready(_: Request, service: Service) -> Response:
    """Whether requests should be sent here: not before what is loaded ahead is, and not while the server stops."""
    told = "ready" if service.ready else "starting or stopping"
    return json_response({"status": told, "loading": service.manager.loading}, 200 if service.ready else 503)


async def metrics(_: Request, service: Service) -> Response:
    """Meters, as Prometheus reads them."""
    return Response(service.meters.text(), headers={"Content-Type": CONTENT_TYPE})
