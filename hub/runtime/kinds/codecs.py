"""Calls what a plugin brought for a kind: read, write, describe. Knows nothing of tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hub.errors import HubError, UsageError
from hub.plugin.specs import KindSpec, TaskSpec
from hub.runtime.asking import ask
from hub.types import JSON

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided
    from hub.registry.schema import Plugin

__all__ = ["Codecs", "require_kinds"]


class Codecs:
    """The kinds of a host. Safe from several threads."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def spec(self, kind: str) -> KindSpec | None:
        """The kind's spec; `None` where nothing installed brings it."""
        provided = self._host.kinds.get(kind)
        return None if provided is None else provided.spec

    def reads(self, kind: str) -> bool:
        """Whether values of the kind are read, and not taken as they are."""
        spec = self.spec(kind)
        return spec is not None and spec.read is not None

    def writes(self, kind: str) -> bool:
        """Whether values of the kind go into files of their own form."""
        spec = self.spec(kind)
        return spec is not None and spec.write is not None

    def read(self, kind: str, given: object) -> Any:  # Any: the kind's Python type
        """Value of the kind; what was given itself where the kind has no reader.

        Raises
        ------
        InputError
            It is none: broken, empty, of another type.
        PluginBroken
            The codec failed otherwise.
        """
        provided = self._host.kinds.get(kind)
        if provided is None or provided.spec.read is None:
            return given
        return ask(self._host, provided, provided.spec.read, given)

    def write(self, kind: str, value: object, suffix: str | None = None) -> bytes:
        """A value as bytes in the form of an ending, or in the kind's wire form.

        Raises
        ------
        UsageError
            The kind has no such form, or none at all.
        """
        provided = self._writable(kind)
        suffixes = provided.spec.suffixes
        wanted = (suffixes[0] if suffix is None else suffix).lower()
        if wanted not in suffixes:
            raise UsageError(
                f"{kind} is not written as '{wanted}'"
                if wanted
                else f"the name has no ending that says how to write {kind}",
                hint=f"Endings for {kind}: {', '.join(suffixes)}",
            )
        assert provided.spec.write is not None
        data: bytes = ask(self._host, provided, provided.spec.write, value, wanted, answer=bytes)
        return data

    def describe(self, kind: str, value: object) -> JSON:
        """What is shown of a value that cannot stand itself in JSON; `None` where the kind says nothing."""
        provided = self._host.kinds.get(kind)
        if provided is None or provided.spec.describe is None:
            return None
        shown: JSON = ask(self._host, provided, provided.spec.describe, value)
        return shown

    def draw(self, task: TaskSpec, value: object, answer: object) -> Any:  # Any: the kind of the task's input
        """The input with the answer drawn on it.

        Raises
        ------
        UsageError
            The task draws nothing.
        """
        provided = self._host.tasks.get(task.id)
        if provided is None or provided.spec.draw is None:
            raise UsageError(f"'{task.id}' has nothing to draw", hint="Write the answers with --output, or --json")
        return ask(self._host, provided, provided.spec.draw, value, answer)

    def _writable(self, kind: str) -> Provided[KindSpec]:
        provided = self._host.kinds.get(kind)
        if provided is None or provided.spec.write is None:
            raise UsageError(f"{kind} has no files of its own form", hint="Write the answers with --json")
        return provided


def require_kinds(task: TaskSpec, host: Host, listed: Callable[[], Sequence[Plugin]] | None = None) -> None:
    """Refuse a task whose first input or output nothing installed reads or writes, and name what to install.

    Raises
    ------
    PluginMissing, PluginBroken
        Of the kind that lacks.
    """
    for kind in (*task.inputs[:1], *task.outputs[:1]):
        if kind not in host.kinds:
            raise _unknown(kind, task.id, host, listed)


def _unknown(kind: str, task: str, host: Host, listed: Callable[[], Sequence[Plugin]] | None) -> HubError:
    from hub.runtime.planning.refusal import unknown_kind

    return unknown_kind(kind, task, host, listed or _catalogue_plugins)


def _catalogue_plugins() -> Sequence[Plugin]:
    from hub.registry.catalogue import load_catalogue

    return load_catalogue().plugins
