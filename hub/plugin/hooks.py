"""The hooks that a plugin may answer. One file, typed, one line each.

Each hook takes no argument and returns a list of frozen specs. The host calls every implementation on its own: one
that raises is recorded as a fault of its plugin, and the others go on.
"""

from __future__ import annotations

import pluggy

from hub.plugin.contracts import CONTRACT, GROUP
from hub.plugin.specs import BackendSpec, FormatSpec, KindSpec, ModelSpec, SourceSpec, TaskSpec, TransformSpec

__all__ = [
    "CONTRACT",
    "GROUP",
    "PROJECT",
    "hookimpl",
    "hookspec",
    "hub_backends",
    "hub_formats",
    "hub_kinds",
    "hub_models",
    "hub_sources",
    "hub_tasks",
    "hub_transforms",
]

PROJECT = "hub"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def hub_tasks() -> list[TaskSpec]:  # type: ignore[empty-body]
    """Tasks that this plugin brings. Called when a plan is made or a task is shown."""


@hookspec
def hub_formats() -> list[FormatSpec]:  # type: ignore[empty-body]
    """Formats of weights that this plugin knows. Called when a plan is made or an unlisted repository is looked at."""


@hookspec
def hub_backends() -> list[BackendSpec]:  # type: ignore[empty-body]
    """Runtimes that open weights. Called when a plan is made, and by `hub doctor` and `hub plugin list`."""


@hookspec
def hub_transforms() -> list[TransformSpec]:  # type: ignore[empty-body]
    """Converters and compressions. Called when a plan is made."""


@hookspec
def hub_models() -> list[ModelSpec]:  # type: ignore[empty-body]
    """Model plugins, one for each family and task. Called when a plan is made or a repository is looked at."""


@hookspec
def hub_kinds() -> list[KindSpec]:  # type: ignore[empty-body]
    """Kinds of inputs and outputs, with what reads and writes them. Called when a model is run or a kind is shown."""


@hookspec
def hub_sources() -> list[SourceSpec]:  # type: ignore[empty-body]
    """Schemes of sources. Called when a file names a scheme that the core does not bring."""
