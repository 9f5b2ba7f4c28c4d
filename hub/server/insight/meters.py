"""What is counted and timed, for Prometheus. The one module that imports its client.

Names follow https://prometheus.io/docs/practices/naming. Labels are names of models that run here and of interfaces,
never what a client wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hub.server.insight.processes import cpu_seconds, resident
from hub.server.models.call import Call
from hub.server.models.running import Running

__all__ = ["CONTENT_TYPE", "Meters"]

CONTENT_TYPE = CONTENT_TYPE_LATEST
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_COUNTS = (1, 2, 4, 8, 16, 32, 64, 128)


class Meters:
    """The meters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self._requests = Counter("hub_requests", "Requests.", ["interface", "status"], registry=own)
        self._seconds = Histogram("hub_request_seconds", "Whole requests.", ["interface"], buckets=_FAST, registry=own)
        self._calls = Counter("hub_calls", "Calls of models.", ["model", "outcome"], registry=own)
        self._queued = Histogram("hub_queue_seconds", "Waiting for a turn.", ["model"], buckets=_FAST, registry=own)
        self._first = Histogram(
            "hub_time_to_first_token_seconds", "From request to first piece.", ["model"], buckets=_FAST, registry=own
        )
        self._between = Histogram(
            "hub_inter_token_seconds", "Between pieces of an answer.", ["model"], buckets=_FAST, registry=own
        )
        self._tokens = Counter("hub_tokens", "Tokens.", ["model", "kind"], registry=own)
        self._batches = Histogram("hub_batch_size", "Calls answered as one.", ["model"], buckets=_COUNTS, registry=own)
        self._loads = Histogram("hub_load_seconds", "Loading a model.", ["model"], buckets=_FAST, registry=own)
        self._unloads = Counter("hub_unloads", "Models unloaded.", ["model"], registry=own)
        self._lost = Gauge(
            "hub_metering_unwritten", "Uses that could not be written to the database yet.", registry=own
        )

    def watch(self, running: Callable[[], Sequence[Running]], unwritten: Callable[[], int]) -> None:
        """Tell about these models, and uses that could not be written, whenever somebody looks."""
        self._registry.register(_Models(running))
        self._lost.set_function(unwritten)

    def request(self, interface: str, status: int, seconds: float) -> None:
        """A request has ended."""
        self._requests.labels(interface, str(status)).inc()
        self._seconds.labels(interface).observe(seconds)

    def call(self, model: str, call: Call, outcome: str, prompt: int = 0, generated: int = 0) -> None:
        """A call of a model has ended."""
        self._calls.labels(model, outcome).inc()
        if call.started:
            self._queued.labels(model).observe(call.started - call.asked)
        if call.first:
            self._first.labels(model).observe(call.first - call.asked)
        between = self._between.labels(model)
        for beat in call.beats:
            between.observe(beat)
        if prompt or generated:
            self._tokens.labels(model, "prompt").inc(prompt)
            self._tokens.labels(model, "generated").inc(generated)

    def batch(self, model: str, count: int) -> None:
        """So many calls are answered as one."""
        self._batches.labels(model).observe(count)

    def loaded(self, model: str, seconds: float) -> None:
        """A model is ready."""
        self._loads.labels(model).observe(seconds)

    def unloaded(self, model: str) -> None:
        """A model is gone."""
        self._unloads.labels(model).inc()

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)


class _Models(Collector):
    """What can be seen of the models at the moment."""

    def __init__(self, running: Callable[[], Sequence[Running]]) -> None:
        self._running = running

    def collect(self) -> Iterator[Metric]:
        """Look at all of them."""
        models = self._running()
        waiting = GaugeMetricFamily("hub_queue_length", "Calls that wait.", labels=["model"])
        active = GaugeMetricFamily("hub_running", "Calls that are computed.", labels=["model"])
        memory = GaugeMetricFamily("hub_model_memory_bytes", "Memory of the worker.", labels=["model"])
        cpu = CounterMetricFamily("hub_model_cpu_seconds", "CPU of the worker.", labels=["model"])
        for running in models:
            waiting.add_metric([running.name], running.schedule.waiting)
            active.add_metric([running.name], running.schedule.running)
            memory.add_metric([running.name], resident(running.pid or 0))
            cpu.add_metric([running.name], cpu_seconds(running.pid or 0))
        yield from (waiting, active, memory, cpu)
