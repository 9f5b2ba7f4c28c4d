"""Records what a part is fed while the model plugin answers inputs: export examples, calibration data, checks.

Opens the weights with the first installed backend that runs their format on the CPU. Knows nothing of recipes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.errors import InferenceError
from hub.plugin.specs import BackendSpec, ModelSpec
from hub.runtime.asking import ask
from hub.runtime.kinds.codecs import Codecs
from hub.runtime.kinds.reading import Reader
from hub.runtime.options import resolve_options
from hub.runtime.protocols import OpenRequest, Session, Weights
from hub.runtime.sessions.architecture import architecture_of
from hub.runtime.sessions.guard import guard
from hub.runtime.sessions.relay import silent

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided
    from hub.runtime.protocols import Array, Feeds, Outputs

__all__ = ["Recorded", "Tap", "find_opener", "find_openers", "opened", "record_calls", "record_feeds"]

CUT = "truncate"
"""Option of a model plugin that is set where it has one: data may be longer than the model takes."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One call of `run`: the part, what went in and what came out."""

    part: str
    feeds: dict[str, Array]
    outputs: Outputs


class Tap(Session):
    """A session that keeps what passes through it."""

    def __init__(self, inner: Session, part: str, calls: list[Recorded]) -> None:
        self.inputs = inner.inputs
        self.outputs = inner.outputs
        self.metadata = inner.metadata
        self.honours = inner.honours
        self.declines = inner.declines
        self.concurrency = inner.concurrency
        self._inner = inner
        self._part = part
        self._calls = calls

    def run(self, feeds: Feeds, wanted: Sequence[str] | None = None) -> Outputs:
        """Run, and keep feeds and all outputs."""
        outputs = self._inner.run(feeds)
        self._calls.append(Recorded(self._part, {name: value.copy() for name, value in feeds.items()}, outputs))
        return outputs if wanted is None else {name: outputs[name] for name in wanted}


def record_feeds(weights: Weights, model: str, inputs: Sequence[Any], host: Host) -> list[Recorded]:
    """Calls of every part while the model plugin answers the inputs.

    Raises
    ------
    InferenceError
        The model plugin does not work with tensors, or nothing installed runs the format.
    """
    plugin, backend = host.models[model], find_opener(weights.facts.format, host)
    if "run" not in plugin.spec.verbs:
        raise InferenceError(f"what {model} feeds cannot be recorded: it does not work with tensors")
    if backend is None:
        raise InferenceError(
            f"what {model} feeds cannot be recorded: no installed backend runs {weights.facts.format}",
            hint=f"Look for one: hub plugin search {weights.facts.format}",
        )
    return record_calls(weights, backend, plugin, inputs, host)


def record_calls(
    weights: Weights, backend: Provided[BackendSpec], plugin: Provided[ModelSpec], samples: Sequence[object], host: Host
) -> list[Recorded]:
    """Calls of `run` of every part, with what came out, while the model plugin answers the samples."""
    calls: list[Recorded] = []
    build = host.resolve(plugin, plugin.spec.target)
    given = {CUT: True} if any(option.name == CUT for option in plugin.spec.options) else {}
    options = resolve_options(plugin.spec.options, given, f"model plugin '{plugin.spec.id}'")
    with opened(weights, backend, host) as parts:
        taps = {part: Tap(session, part, calls) for part, session in parts.items()}
        build(taps, "run", weights.path, weights.facts).infer(_read(samples, plugin.spec.task, host), options, silent)
    return calls


def _read(samples: Sequence[object], task: str, host: Host) -> list[Any]:  # Any: of the kinds that the task takes
    """Samples as a model gets them: a picture is a path or an array until here."""
    provided = host.tasks.get(task)
    return list(samples) if provided is None else [Reader(provided.spec, Codecs(host)).read(each) for each in samples]


@contextmanager
def opened(weights: Weights, backend: Provided[BackendSpec], host: Host) -> Iterator[Mapping[str, Session]]:
    """Every part, on the CPU, with the backend's own settings but for those that make it round least."""
    for name, value in backend.spec.env.items():
        os.environ.setdefault(name, value)
    options = resolve_options(backend.spec.options, backend.spec.exact, f"backend '{backend.spec.id}'")
    parts: dict[str, Session] = {}
    with ExitStack() as stack:
        for part in weights.facts.parts:
            request = OpenRequest(
                path=weights.path,
                verb="run",
                device="cpu",
                facts=weights.facts,
                part=part,
                options=options,
                architecture=architecture_of(weights.facts, backend.spec.frameworks, host),
            )
            session = guard(ask(host, backend, backend.spec.target, request), "run", backend=backend.spec.id)
            stack.callback(session.close)
            parts[part] = session
        yield parts


def find_opener(form: str, host: Host) -> Provided[BackendSpec] | None:
    """First backend by name that runs the format on the CPU."""
    return next(_openers(form, host), None)


def find_openers(before: str, after: str, host: Host) -> list[Provided[BackendSpec] | None]:
    """What opens weights before and after a conversion: one backend for both formats where there is one.

    Two runtimes round differently, and a steep curve makes much of it: only within one of them is what differs the
    conversion's own.
    """
    both = next((each for each in _openers(before, host) if after in each.spec.formats), None)
    return [both, both] if both is not None else [find_opener(before, host), find_opener(after, host)]


def _openers(form: str, host: Host) -> Iterator[Provided[BackendSpec]]:
    return (
        provided
        for _, provided in sorted(host.backends.items())
        if form in provided.spec.formats and "run" in provided.spec.verbs and "cpu" in provided.spec.devices
    )
