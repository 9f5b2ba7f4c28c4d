"""Asks plugins about a candidate: whether the backend runs here, accepts the weights, and how much memory they take.

Each backend is probed once, and only when a candidate needs it: probing may import the library. Knows nothing of the
order in which candidates are preferred.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from hub.errors import HubError, OptionError
from hub.memory import DEFAULT_CONTEXT, free_memory
from hub.plugin.specs import BackendSpec
from hub.runtime.asking import ask
from hub.runtime.options import resolve_options
from hub.runtime.planning.candidates import Candidate, Lost
from hub.runtime.planning.loading import loaded_steps
from hub.runtime.planning.memory import default_estimate
from hub.runtime.planning.recipe import Loaded
from hub.runtime.protocols import Probe
from hub.types import JSON, Estimate, Facts, OptionValue

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided

__all__ = ["Judge", "Usable"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Usable:
    """A candidate on a device that its backend found; it may still not fit. `free` is `None` where nobody knows."""

    candidate: Candidate
    device: str
    options: Mapping[str, OptionValue]
    estimate: Estimate
    free: int | None
    load_steps: tuple[Loaded, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether it needs no more than is free."""
        return self.free is None or self.estimate.total <= self.free


class Judge:
    """Answers for one plan; remembers what each backend said of this machine.

    Parameters
    ----------
    device
        The device that was asked for, or `None`.
    given
        Load options that were asked for.
    """

    def __init__(self, host: Host, device: str | None, given: Mapping[str, object]) -> None:
        self._host = host
        self._device = device
        self._given = given
        self._probes: dict[str, Probe | HubError] = {}
        self._free = free_memory()

    def judge(self, candidate: Candidate) -> list[Usable | Lost]:
        """One result for each device of the backend; one alone where none of them matters."""
        backend, facts = candidate.backend, candidate.route.facts
        try:
            options = self._options(backend.spec, facts)
            steps = loaded_steps(backend.spec, candidate.tail)
        except OptionError as error:
            return [candidate.lost("option", error.message, error=error)]
        try:
            refusal = self._accepts(backend, facts, candidate.verb) or self._accepts_steps(backend, facts, steps)
        except HubError as error:
            return [candidate.lost("broken", error.message, error=error)]
        if refusal:
            return [candidate.lost("accepts", refusal)]
        probe = self.probe(backend)
        if isinstance(probe, HubError):
            return [candidate.lost("broken", probe.message, error=probe)]
        return [self._on(candidate, device, probe, options, steps) for device in self._devices(backend.spec)]

    def estimate(self, candidate: Candidate, options: Mapping[str, OptionValue]) -> Estimate:
        """Memory that the candidate takes with these load options, as its backend says or by the rule of thumb."""
        backend, facts = candidate.backend, candidate.route.facts
        if backend.spec.memory is None:
            return default_estimate(facts, options, candidate.verb)
        return cast("Estimate", ask(self._host, backend, backend.spec.memory, facts, options, answer=Estimate))

    def probe(self, backend: Provided[BackendSpec]) -> Probe | HubError:
        """What the backend found on this machine, or why it cannot run on it."""
        spec = backend.spec
        if spec.id not in self._probes:
            for name, value in spec.env.items():
                os.environ.setdefault(name, value)
            try:
                found = ask(self._host, backend, spec.probe, answer=Probe) if spec.probe else Probe(devices=("cpu",))
            except HubError as error:
                found = error
            self._probes[spec.id] = found
        return self._probes[spec.id]

    def _on(
        self,
        candidate: Candidate,
        device: str,
        probe: Probe,
        options: Mapping[str, OptionValue],
        steps: tuple[Loaded, ...],
    ) -> Usable | Lost:
        backend = candidate.backend.spec
        base = device.partition(":")[0]
        if base not in backend.devices:
            return candidate.lost("device", f"{backend.id} knows no device '{device}'", device=device)
        if device not in probe.devices and base not in probe.devices:
            found = ", ".join(probe.devices) or "nothing"
            return candidate.lost("device", f"{backend.id} found no {device} here, only {found}", device=device)
        try:
            estimate = self.estimate(candidate, {**options, **{step.step: _plain(step) for step in steps}})
        except HubError as error:
            return candidate.lost("broken", error.message, device=device, error=error)
        free = self._free if base == "cpu" else probe.memory.get(device, probe.memory.get(base))
        return Usable(
            candidate=candidate, device=device, options=options, estimate=estimate, free=free, load_steps=steps
        )

    def _devices(self, spec: BackendSpec) -> tuple[str, ...]:
        return spec.devices if self._device is None else (self._device,)

    def _options(self, spec: BackendSpec, facts: Facts) -> dict[str, OptionValue]:
        """Load options, with a context that is said: the model's own, but not more than what is usual."""
        options = resolve_options(spec.options, self._given, f"backend '{spec.id}'")
        most = facts.config.get("max_position_embeddings")
        if "context_length" in options and options["context_length"] is None and isinstance(most, int):
            options["context_length"] = min(most, DEFAULT_CONTEXT)
        return options

    def _accepts(self, backend: Provided[BackendSpec], facts: Facts, verb: str) -> str | None:
        if not any(facts.parts.values()) and not facts.size:
            return f"the variant has no file of format {facts.format}"
        if backend.spec.accepts is None:
            return None
        return (
            cast("str | None", ask(self._host, backend, backend.spec.accepts, facts, verb, answer=str | None)) or None
        )

    def _accepts_steps(self, backend: Provided[BackendSpec], facts: Facts, steps: tuple[Loaded, ...]) -> str | None:
        """Why the backend cannot do one of the steps to these weights while it opens."""
        offered = {step.step: step.accepts for step in backend.spec.load_steps}
        for step in steps:
            accepts = offered[step.step]
            refusal = ask(self._host, backend, accepts, facts, step.options, answer=str | None) if accepts else None
            if refusal:
                return f"'{step}': {refusal}"
        return None


def _plain(step: Loaded) -> OptionValue:
    """Options of a load step, as the backend's `memory` gets them under the step's name."""
    return {
        name: str(value) if isinstance(value, Path) else cast("JSON", value) for name, value in step.options.items()
    }
