"""The Python API: `load`, `pull` and `plan`. What the command does, without the terminal.

Joins the steps of one call, each of which is a module that knows nothing of the next: resolve, plan, fetch, open.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.errors import BadReference
from hub.plugin.host import get_host
from hub.runtime.kinds.codecs import Codecs, require_kinds
from hub.runtime.model import Engine, LoadedModel
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.runtime.planning.variant import choose_variant
from hub.runtime.references.fetch import fetch
from hub.runtime.references.resolve import resolve
from hub.runtime.references.target import Target, variant_of
from hub.runtime.sessions.load import open_plan
from hub.runtime.transforms.ready import make_ready
from hub.store.progress import Progress
from hub.store.store import Store
from hub.types import Artifact

if TYPE_CHECKING:
    from hub.plugin.host import Host

__all__ = ["HubWarning", "LoadedModel", "load", "load_plan", "load_target", "plan", "pull"]


class HubWarning(UserWarning):
    """What the command would say on stderr: that nobody vouches for a model, that no variant of it runs here."""


def load(
    reference: str,
    *,
    backend: str | None = None,
    device: str | None = None,
    compress: str = "",
    variant: str | None = None,
    task: str | None = None,
    worker: bool = False,
    allow_pickle: bool | None = None,
    progress: Progress | None = None,
    **load_options: object,
) -> LoadedModel:
    """Load a model, downloading and verifying its weights first where they are not here yet.

    Parameters
    ----------
    reference
        Id or alias of a registry, with `:VARIANT` if you like; `hf:org/repo[@revision]`; or a path.
    backend, device
        What to run it with; the plan chooses otherwise.
    compress
        Recipe, such as `"int8"`.
    variant
        The same as `:VARIANT`.
    task
        For a model that can be used for more than one.
    worker
        Run it in a process of its own: it can always be stopped, a crash does not end yours, and its memory surely
        comes back. Works from scripts without a `__main__` guard and from notebooks.
    allow_pickle
        Open weights of a format that can carry code, where a registry lists them; by default what the settings say.
        They are read by a reader that refuses code.
    progress
        Told about downloads; silent by default.
    **load_options
        Options of the backend, such as `threads` and `context_length`.

    Returns
    -------
    LoadedModel
        Close it, or use it in a `with` block.

    Raises
    ------
    BadReference
        The reference names nothing.
    PlanError, DoesNotFit, PluginMissing
        It cannot run here; details and hint say why and what would.
    PolicyError
        Its weights can carry code, and that was not allowed.
    SourceError, VerificationError
        The weights could not be had, or were not what was promised.

    Notes
    -----
    A backend may set environment variables before its library loads, for the whole process; what you set is kept.
    Use `worker=True` to keep them out of yours.
    """
    target = _target(reference, variant, task, progress)
    return load_target(
        target,
        backend=backend,
        device=device,
        compress=compress,
        task=task,
        worker=worker,
        allow_pickle=allow_pickle,
        progress=progress,
        options=load_options,
    )


def load_target(
    target: Target,
    *,
    backend: str | None,
    device: str | None,
    compress: str,
    task: str | None,
    worker: bool,
    allow_pickle: bool | None,
    progress: Progress | None,
    options: Mapping[str, object],
) -> LoadedModel:
    """As `load`, of what a reference was resolved to."""
    host, store = get_host(), Store()
    chosen = make_plan(
        target,
        host=host,
        store=store,
        backend=backend,
        device=device,
        recipe=compress,
        options=options,
        task=task,
        allow_pickle=allow_pickle,
    )
    return load_plan(target, chosen, worker=worker, progress=progress)


def load_plan(
    target: Target, chosen: Plan, *, worker: bool, patience: float = 0.0, progress: Progress | None = None
) -> LoadedModel:
    """As `load`, of a plan that was made already.

    Parameters
    ----------
    patience
        Seconds without a sign of life after which a worker is ended; 0 waits for ever.
    """
    host, store = get_host(), Store()
    require_kinds(host.tasks[chosen.task].spec, host)
    for note in chosen.notes:
        _say(note, progress, depth=5)
    chosen, artifact = make_ready(target, chosen, host=host, store=store, progress=progress)
    return LoadedModel(
        chosen,
        _engine(chosen, artifact, host, worker=worker, patience=patience),
        host.models[chosen.model_plugin].spec,
        host.tasks[chosen.task].spec,
        Codecs(host),
    )


def pull(
    reference: str, *, variant: str | None = None, verify: bool = False, progress: Progress | None = None
) -> Artifact:
    """Download and verify the weights of a model; returns at once where they are here.

    Parameters
    ----------
    reference, variant, progress
        As for `load`. Without a variant, the one that would run here.
    verify
        Hash every file again, also those that look unchanged.

    Returns
    -------
    Artifact
        `path` is the folder that holds the files. They are shared: do not write there.

    Raises
    ------
    SourceError
        No source could give a file; `details` says why, for each.
    VerificationError
        A source gave other bytes than promised.
    """
    store = Store()
    target = _target(reference, variant, None, progress)
    name, notice = choose_variant(target, store=store)
    if notice:
        _say(notice, progress, depth=3)
    return fetch(target, name, store=store, progress=progress, verify=verify)


def plan(
    reference: str,
    *,
    backend: str | None = None,
    device: str | None = None,
    compress: str = "",
    variant: str | None = None,
    task: str | None = None,
    allow_pickle: bool | None = None,
    **load_options: object,
) -> Plan:
    """Say how `load` with the same arguments would run a model, and why not otherwise. Downloads nothing.

    Returns
    -------
    Plan
        `variant`, `backend`, `device`, `estimate` (bytes), `download` (bytes), `rejected` and more.

    Raises
    ------
    BadReference, PlanError, DoesNotFit, PluginMissing
        As for `load`.
    """
    return make_plan(
        _target(reference, variant, task, None),
        host=get_host(),
        store=Store(),
        backend=backend,
        device=device,
        recipe=compress,
        options=load_options,
        task=task,
        thorough=True,
        allow_pickle=allow_pickle,
    )


def _target(reference: str, variant: str | None, task: str | None, progress: Progress | None) -> Target:
    target = resolve(reference, task=task)
    if variant is not None:
        if target.variant not in {None, variant}:
            raise BadReference(f"'{reference}' names variant '{target.variant}', and variant={variant!r} another")
        target = replace(target, variant=variant_of(target, variant).name)
    if target.notice:
        _say(target.notice, progress, depth=4)
    return target


def _say(notice: str, progress: Progress | None, *, depth: int) -> None:
    if progress is not None:
        progress.say(notice)
    else:
        warnings.warn(notice, HubWarning, stacklevel=depth)


def _engine(chosen: Plan, artifact: Artifact, host: Host, *, worker: bool, patience: float = 0.0) -> Engine:
    if not worker:
        return open_plan(chosen, artifact, host)
    from hub.runtime.workers.remote import RemoteModel

    return RemoteModel(chosen, artifact, patience=patience)
