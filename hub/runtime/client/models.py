"""`hub.connect`: models of a server, with the same handle as those that are loaded here.

Inputs are read here, where the files are, and go over the wire in the form of their kind. Knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import Cancelled, InferenceError, UsageError
from hub.plugin.host import get_host
from hub.plugin.specs import ModelSpec, TaskSpec
from hub.runtime.client.link import Link
from hub.runtime.client.places import find_place
from hub.runtime.client.wire import delta_from, error_from
from hub.runtime.kinds.codecs import Codecs
from hub.runtime.model import LoadedModel
from hub.runtime.planning.plan import Plan
from hub.runtime.protocols import Emit, Stream
from hub.runtime.sessions.cancel import Cancel
from hub.runtime.sessions.order import Order, begin_each
from hub.runtime.sessions.relay import silent
from hub.types import Estimate, Facts, Option, OptionValue

if TYPE_CHECKING:
    from hub.types import JSON

__all__ = ["Connection", "connect"]

_TYPES: Mapping[str, Any] = {"str": str, "int": int, "float": float, "bool": bool, "Path": Path, "dict": dict}


def connect(url: str | None = None, *, key: str | None = None) -> Connection:
    """Use the models of a server as if they were loaded here.

    Parameters
    ----------
    url
        Where `hub serve` runs, such as `http://gpu.example.com:4820`; without it the server of yours on this machine.
    key
        By default `HUB_SERVER_KEY`; none where the server needs none.

    Returns
    -------
    Connection
        `load(MODEL)` gives what `hub.load` gives. Nothing is sent before that.

    Raises
    ------
    UsageError
        The address is none, or no server runs here, or several do.
    """
    return Connection(Link(find_place(url, key)))


class Connection:
    """A server. Safe from several threads."""

    def __init__(self, link: Link) -> None:
        self._link = link

    @property
    def url(self) -> str:
        """Address of the server."""
        return self._link.place.url

    def models(self) -> list[dict[str, JSON]]:
        """What the server offers: `id`, `task`, `aliases`, `license` and `summary` of each model."""
        return list(self._link.get("/v1/models")["data"])

    def load(self, model: str) -> LoadedModel:
        """A model of the server, which loads it if it is not loaded yet.

        Closing the handle leaves the model there: others use it too.

        Raises
        ------
        BadReference
            The server has no model of this name.
        AccessDenied
            The key is missing or wrong, or does not allow this model.
        SourceError
            The server cannot be reached.
        HubError
            What loading it there raised.
        """
        told = self._link.post("/hub/v1/describe", {"model": model})
        task = TaskSpec(id=told["task"], inputs=tuple(told["inputs"]), outputs=tuple(told["outputs"]))
        spec = ModelSpec(
            id=told["model_plugin"],
            task=task.id,
            families=("*",),
            verbs=(told["verb"],),
            target="",
            options=tuple(_option(each) for each in told["options"]),
        )
        codecs = Codecs(get_host())
        return LoadedModel(_plan(told), RemoteEngine(self._link, model, task, codecs), spec, task, codecs)


class RemoteEngine:
    """Answers by asking a server."""

    def __init__(self, link: Link, model: str, task: TaskSpec, codecs: Codecs) -> None:
        self._link = link
        self._model = model
        self._task = task
        self._codecs = codecs

    def infer(
        self,
        inputs: Sequence[Any],  # Any: of the kinds that the task declares
        options: Mapping[str, OptionValue],
        emit: Emit = silent,
        cancel: Cancel | None = None,
    ) -> list[Any]:
        """Answer each input, in order.

        Raises
        ------
        Cancelled
            `cancel` was set.
        HubError
            What the model raised there, or the server cannot be reached.
        """
        ended = cancel or Cancel()
        set_options = {name: _plain(value) for name, value in options.items() if value is not None}
        body = {"inputs": [self._sent(each) for each in inputs], "options": set_options, "stream": emit is not silent}
        for kind, value in self._link.ask(self._model, body, ended):
            if kind == "piece":
                if emit(delta_from(value)):
                    ended.set()
            elif kind == "failure":
                raise error_from(value)
            elif kind == "answer":
                return list(value)
        if ended.is_set():
            raise Cancelled("the request was cancelled")
        raise InferenceError(f"the server at {self._link.place.url} ended its answer in the middle")

    def begin(self, orders: Sequence[Order]) -> None:
        """Let calls begin, each in a thread that it borrows."""
        begin_each(self.infer, orders)

    def listen(self, options: Mapping[str, OptionValue]) -> Stream:
        """Not over the network.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError("a server takes whole inputs alone", hint="Load the model here to give it input in pieces")

    def close(self) -> None:
        """Nothing is held here."""

    def _sent(self, value: object) -> object:
        """A value of the task's first kind in the form that goes over the wire."""
        kind = self._task.inputs[0]
        if isinstance(value, Path):
            return value.read_bytes()
        if self._codecs.writes(kind) and not isinstance(value, str | bytes | dict | list):
            return self._codecs.write(kind, value)
        return value


def _plain(value: OptionValue) -> object:
    return str(value) if isinstance(value, Path) else value


def _option(told: Mapping[str, Any]) -> Option:  # Any: JSON
    return Option(
        name=told["name"],
        type=_TYPES.get(told["type"], str),
        default=told["default"],
        help=told["help"],
        choices=tuple(told["choices"]),
        min=told["min"],
        max=told["max"],
        many=told["many"],
    )


def _plan(told: Mapping[str, Any]) -> Plan:  # Any: JSON
    """What the server chose, as far as it tells."""
    facts = Facts(task=told["task"], family=told["family"], format=told["format"], files=(), parts={"": ()})
    return Plan(
        reference=told["reference"],
        model=told["model"],
        variant=told["variant"],
        precision=told["precision"],
        files=(),
        backend=told["backend"],
        plugin=told["plugin"],
        device=told["device"],
        verb=told["verb"],
        model_plugin=told["model_plugin"],
        task=told["task"],
        facts=facts,
        source=facts,
        options=told["load_options"],
        estimate=Estimate(weights=told["memory"]),
        free_memory=None,
        download=0,
    )
