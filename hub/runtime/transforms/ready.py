"""From a plan to weights on this disk: the files fetched, the recipe done, or what it made earlier found.

Knows nothing of how the weights are opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime.references.fetch import fetch
from hub.runtime.references.target import Target, record_name
from hub.runtime.transforms.transform import apply_recipe, find_derived
from hub.store.progress import Progress
from hub.store.store import Store
from hub.types import Artifact

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.planning.plan import Plan

__all__ = ["make_ready"]


def make_ready(
    target: Target, plan: Plan, *, host: Host, store: Store, progress: Progress | None = None
) -> tuple[Plan, Artifact]:
    """Weights of a plan on this disk, after its recipe, and the plan that opens them.

    Raises
    ------
    SourceError, VerificationError
        The weights could not be had, or were not what was promised.
    PluginMissing, PluginBroken, StorageError
        A step could not be done.
    """
    derived = find_derived(plan, host=host, store=store) if plan.recipe else None
    if derived is not None:
        return derived
    if target.root is not None:
        artifact = Artifact(digest="", path=target.root, files=plan.files)
    else:
        artifact = fetch(target, plan.variant, store=store, progress=progress)
    return apply_recipe(plan, artifact, host=host, store=store, name=record_name(target), progress=progress)
