"""The process that measures: opens one model, times its opening and its calls, and answers what fidelity is told by.

It is a worker that does other work; see `hub.runtime.workers.worker`. Knows nothing of what is compared with what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from hub.plugin.host import get_host
from hub.runtime.asking import ask as ask_plugin
from hub.runtime.measure.effort import Effort
from hub.runtime.measure.figures import Sample
from hub.runtime.measure.memory import peak_memory, resident_memory
from hub.runtime.measure.timing import time_calls
from hub.runtime.protocols import Emit, Probe
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.workers.wire import Ask, Open
from hub.runtime.workers.worker import Worker, serve

__all__ = ["Evaluate", "Time", "main"]


@dataclass(frozen=True, slots=True)
class Time(Ask):
    """To the process: time calls on these inputs; the answer is one `Sample`."""

    batches: tuple[int, ...]
    effort: Effort


@dataclass(frozen=True, slots=True)
class Evaluate(Ask):
    """To the process: give what fidelity is measured on for these inputs."""


class Measurer(Worker):
    """A worker that measures the model that it opens."""

    _load_seconds = 0.0
    _loaded: int | None = None
    _free: int | None = None
    _device: tuple[str, str] = ("", "")

    def open(self, order: Open) -> bool:
        """Open the model, timed: importing the runtime counts, finding the plugins does not."""
        get_host()
        self._device = (order.plan.backend, order.plan.device)
        self._free = self._free_on_device()
        begin = perf_counter()
        done = super().open(order)
        self._load_seconds = perf_counter() - begin
        self._loaded = resident_memory()
        return done

    def work(self, ask: Ask, emit: Emit, cancel: Cancel) -> Sequence[Any]:  # Any: what the order asks for
        """Time, or evaluate."""
        assert self._model is not None
        if isinstance(ask, Evaluate):
            return self._model.evaluate(ask.inputs, ask.options)
        assert isinstance(ask, Time)
        calls = {batch: time_calls(self._model, ask.inputs, ask.options, batch, ask.effort) for batch in ask.batches}
        free = self._free_on_device()
        taken = None if self._free is None or free is None else max(0, self._free - free)
        return [Sample(self._load_seconds, self._loaded, peak_memory(), taken, calls)]

    def _free_on_device(self) -> int | None:
        """Bytes that are free on an accelerator, as the backend's probe says."""
        host, (backend, device) = get_host(), self._device
        if device == "cpu" or backend not in host.backends:
            return None
        provided = host.backends[backend]
        if provided.spec.probe is None:
            return None
        probe: Probe = ask_plugin(host, provided, provided.spec.probe, answer=Probe)
        return probe.memory.get(device)


def main(descriptor: int) -> None:
    """Serve the parent at the other end of a socket."""
    serve(descriptor, Measurer)
