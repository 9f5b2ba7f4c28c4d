"""What stands in for the other half: a fixture's own way to open weights, and a model plugin that passes tensors on.

So a model plugin is checked with no runtime installed, and a transform with no model plugin that knows its weights.
Knows nothing of what is checked.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hub.errors import HubError, InferenceError
from hub.plugin.fixtures import WeightsFixture
from hub.plugin.host import Host, Provided
from hub.plugin.specs import BackendSpec, ModelSpec
from hub.runtime.protocols import VERBS, Emit, Model, OpenRequest, Session
from hub.testing.requests import make_feeds
from hub.types import OptionValue

__all__ = ["STAND_IN", "Through", "host_for"]

STAND_IN = "stand-in"
_TABLES = ("tasks", "formats", "backends", "transforms", "models", "kinds", "sources")
_counter = itertools.count()


class Openers:
    """Holds the functions of fixtures under names that a spec's target can say."""


class Through(Model):
    """Answers whatever it is given with what the session makes of feeds that fit it."""

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """One vector for each input: every output, one after the other."""
        session = next(iter(self.parts.values()))
        if self.verb == "embed":
            return list(session.embed([str(given) for given in inputs]))
        return [_flat(session.run(make_feeds(session.inputs, seed=place))) for place, _ in enumerate(inputs)]


def host_for(fixture: WeightsFixture, host: Host) -> Host:
    """The host with what stands in for what the fixture does not need: a model plugin, and a backend where it opens.

    Tasks have no data sets in it, which a check could not fetch: transforms learn from samples, or from a file that the
    fixture's options name.
    """
    tables: dict[str, dict[str, Provided[Any]]] = {name: dict(getattr(host, name)) for name in _TABLES}
    tables["tasks"] = {
        name: replace(each, spec=replace(each.spec, data=(), labelled=None)) for name, each in host.tasks.items()
    }
    formats = tuple(host.formats)
    if not fixture.of.startswith("models/"):
        model = ModelSpec(
            id=STAND_IN,
            task=fixture.task,
            families=("*",),
            verbs=("run", "embed"),
            target=f"{__name__}:{Through.__name__}",
        )
        tables["models"][STAND_IN] = _provided(model)
    if fixture.open is not None:
        verbs = (fixture.verb,) if fixture.verb else VERBS
        target = f"{__name__}:{Openers.__name__}.{_kept(fixture.open)}"
        backend = BackendSpec(id=STAND_IN, formats=formats, verbs=verbs, target=target)
        tables["backends"] = {STAND_IN: _provided(backend)} | (
            tables["backends"] if fixture.of.startswith("backends/") else {}
        )
    return Host(host.plugins, tables)


def _kept(function: Callable[..., Any]) -> str:
    name = f"opener{next(_counter)}"

    def opened(request: OpenRequest) -> Session:
        """What the fixture cannot open is damaged, as a backend would say it."""
        try:
            session: Session = function(request)
        except HubError:
            raise
        except Exception as error:  # of whatever library it reads with
            reason = f"{type(error).__name__}: {error}"
            raise InferenceError(f"the fixture's own `open` cannot read {request.path}: {reason}") from error
        return session

    setattr(Openers, name, staticmethod(opened))
    return name


def _provided(spec: BackendSpec | ModelSpec) -> Provided[Any]:
    return Provided(spec=spec, plugin=STAND_IN, distribution="openmodelhub", version="")


def _flat(outputs: Mapping[str, Any]) -> Any:
    return np.concatenate([np.ravel(array).astype(np.float32) for array in outputs.values()])
