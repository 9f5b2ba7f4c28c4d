"""Traces over OpenTelemetry: each request as its ASGI instrumentation tells it, and below it each call of a model.

The one module that imports OpenTelemetry. Names of the attributes: https://opentelemetry.io/docs/specs/semconv/gen-ai.
Nothing of prompts or answers is in them.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from hub import __version__
from hub.errors import UsageError
from hub.server.models.call import Call
from hub.server.models.running import Running
from hub.server.web import ASGIApp

__all__ = ["Tracing"]

_PATH = "/v1/traces"
_TIMEOUT = 5.0
_NOT_TOLD = r"^https?://[^/]*/(healthz|readyz|metrics)$,^https?://[^/]*/page/"
"""Expressions of addresses; a host or a model may have these words in its name."""
_OPERATIONS = {"text-generation": "chat", "feature-extraction": "embeddings"}


class Tracing:
    """Sends spans to a collector.

    Parameters
    ----------
    address
        Where a collector takes OTLP over HTTP, such as `http://127.0.0.1:4318`; without a path, at `/v1/traces`.

    Raises
    ------
    UsageError
        It is no address.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                f"'{address}' is no address of a collector", hint="Such as: hub serve --traces http://127.0.0.1:4318"
            )
        endpoint = address if parts.path.strip("/") else address.rstrip("/") + _PATH
        resource = Resource.create({"service.name": "hub", "service.version": __version__})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=_TIMEOUT)))
        self._tracer = self._provider.get_tracer("hub.server", __version__)

    def wrapped(self, app: ASGIApp) -> ASGIApp:
        """The application with a span around each request, as a child of the one that the client names."""
        return OpenTelemetryMiddleware(
            app,
            tracer_provider=self._provider,
            excluded_urls=_NOT_TOLD,
            exclude_spans=["receive", "send"],
        )

    def call(self, running: Running, call: Call, outcome: str, prompt: int = 0, generated: int = 0) -> None:
        """A call of a model has ended, for the request that is under way here."""
        operation = _OPERATIONS.get(running.task.id, running.task.id)
        epoch = time.time_ns() - time.monotonic_ns()
        span = self._tracer.start_span(
            f"{operation} {running.plan.model}",
            kind=trace.SpanKind.INTERNAL,
            start_time=epoch + _nanoseconds(call.asked),
            attributes={
                "gen_ai.operation.name": operation,
                "gen_ai.provider.name": "hub",
                "gen_ai.request.model": running.name,
                "gen_ai.usage.input_tokens": prompt,
                "gen_ai.usage.output_tokens": generated,
                "hub.backend": running.plan.backend,
                "hub.device": running.plan.device,
            },
        )
        for name, moment in (("turn", call.started), ("first piece", call.first)):
            if moment:
                span.add_event(name, timestamp=epoch + _nanoseconds(moment))
        if outcome != "ok":
            span.set_attribute("error.type", outcome)
            span.set_status(trace.StatusCode.ERROR)
        span.end(epoch + _nanoseconds(call.ended) if call.ended else None)

    def close(self) -> None:
        """Send what was not sent yet. Blocks: for a thread."""
        self._provider.shutdown()


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)
