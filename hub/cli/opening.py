"""Opens the model of `hub run`: what MODEL names and its task first, then, when the inputs are known, the model itself.

Knows nothing of inputs and answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.cli.call_options import given_options, read_schema, sort_options
from hub.cli.output import note
from hub.cli.progress import terminal_progress
from hub.errors import OptionError

if TYPE_CHECKING:
    from hub.plugin.specs import TaskSpec
    from hub.runtime.model import LoadedModel
    from hub.runtime.references.target import Target

__all__ = ["HOW", "Far", "find_far", "find_task", "loaded"]

HOW = ("backend", "device", "compress", "task", "worker", "allow_pickle")
"""Options of `hub run` that the plan is made by."""


@dataclass(frozen=True, slots=True)
class Far:
    """A model of a server, in the place of what a reference names here."""

    model: LoadedModel
    task: TaskSpec


def find_far(reference: str, url: str, key: str | None) -> tuple[Far, TaskSpec]:
    """A model of a server, and what it is for.

    Raises
    ------
    HubError
        The server cannot be reached, or has no such model.
    """
    from hub.plugin.host import get_host
    from hub.runtime.client.models import connect

    model = connect(url, key=key).load(reference)
    known = get_host().tasks.get(model.task)
    task = model.kinds if known is None else known.spec
    return Far(model, task), task


def find_task(reference: str, task: str | None) -> tuple[Target, TaskSpec | None]:
    """What a reference names, and what the model is for; `None` where no installed plugin knows that task.

    Raises
    ------
    PluginMissing
        Nothing installed reads what goes into the task, or writes what comes out.
    """
    from hub.plugin.host import get_host
    from hub.runtime.kinds.codecs import require_kinds
    from hub.runtime.references.resolve import resolve

    host = get_host()
    target = resolve(reference, task=task)
    provided = host.tasks.get(task or target.model.task)
    if provided is None:
        return target, None
    require_kinds(provided.spec, host)
    return target, provided.spec


@contextmanager
def loaded(target: Target | Far, options: dict[str, Any]) -> Iterator[tuple[LoadedModel, TaskSpec, dict[str, Any]]]:
    """Load the model, pulling it first if need be: the model, its task, and the options of each call."""
    from hub.plugin.host import get_host
    from hub.runtime.api import load_target

    host = get_host()
    if isinstance(target, Far):
        yield target.model, target.task, _far_options(options)
        return
    how = {name: options[name] for name in HOW}
    named = {name: value for name, value in options.items() if name not in {*HOW, "pairs"}}
    named["schema"] = read_schema(named["schema"])
    task = how["task"] or target.model.task or None
    given = sort_options(named, options["pairs"], host, how["backend"], task)
    if target.notice:
        note(target.notice)
    with terminal_progress() as progress:
        model = load_target(target, progress=progress, options=given.load, **how)
    with model:
        yield model, host.tasks[model.task].spec, dict(given.call)


def _far_options(options: dict[str, Any]) -> dict[str, Any]:  # Any: click's values
    """Options of a call; how a model is loaded is the server's to say."""
    for name in (*HOW, "context_length", "threads"):
        if options[name]:
            told = name.replace("_", "-")
            raise OptionError(f"--{told} is for models that are loaded here, and --server names one that is not")
    named = {name: value for name, value in options.items() if name not in {*HOW, "pairs", "context_length", "threads"}}
    return given_options({**named, "schema": read_schema(named["schema"])}, options["pairs"])
