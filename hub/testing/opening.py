"""Weights that a contract is tried on: the plan for a reference, and the files on this disk.

Knows nothing of what is tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.plugin.host import get_host
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.runtime.references.fetch import fetch
from hub.runtime.references.resolve import resolve
from hub.runtime.sessions.load import open_part
from hub.runtime.transforms.transform import apply_recipe
from hub.store.store import Store
from hub.types import Artifact

if TYPE_CHECKING:
    from hub.runtime.protocols import Session

__all__ = ["Opening"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """A plan and the artifact that it opens."""

    plan: Plan
    artifact: Artifact

    @classmethod
    def of(
        cls,
        reference: str,
        *,
        backend: str | None = None,
        device: str | None = None,
        compress: str = "",
        store: Store | None = None,
        **load_options: object,
    ) -> Opening:
        """Plan for a reference, as `hub.load` makes it, with its weights pulled."""
        host, store = get_host(), store or Store()
        target = resolve(reference)
        plan = make_plan(
            target, host=host, store=store, backend=backend, device=device, recipe=compress, options=load_options
        )
        if target.root is None:
            artifact = fetch(target, plan.variant, store=store)
        else:
            artifact = Artifact(digest="", path=target.root, files=plan.files)
        plan, artifact = apply_recipe(plan, artifact, host=host, store=store)
        return cls(plan=plan, artifact=artifact)

    def session(self) -> Session:
        """Open the first part, behind the guard. The caller closes it."""
        return open_part(self.plan, self.artifact, get_host(), next(iter(self.plan.facts.parts)))
