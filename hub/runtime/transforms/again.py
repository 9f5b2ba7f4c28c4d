"""Makes a derived artifact again, step by step and away from the store, and says which step gave something else.

Knows nothing of figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.errors import VerificationError
from hub.runtime.planning.plan import Plan
from hub.runtime.transforms.data import DATA, data_files
from hub.runtime.transforms.lineage import Lineage, chain_of
from hub.runtime.transforms.scratch import made_in
from hub.runtime.transforms.transform import apply_recipe
from hub.store.progress import Progress
from hub.store.session import Session
from hub.store.store import Store
from hub.types import Artifact

if TYPE_CHECKING:
    from hub.plugin.host import Host

__all__ = ["Remade", "make_again"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Remade:
    """A step that was done again and gave the same bytes."""

    recipe: str
    digest: str


def make_again(
    plan: Plan, parent: Artifact, made: Artifact, *, host: Host, store: Store, progress: Progress | None = None
) -> list[Remade]:
    """Do the steps of an artifact's lineage once more, from the same weights, and compare digests.

    Parameters
    ----------
    parent
        The variant's files.
    made
        What the plan's recipe made of them earlier.

    Raises
    ------
    VerificationError
        A step gave other bytes; it is named, with the versions of what made it then and now.
    """
    before = chain_of(store, made.digest)
    claims = {made.digest.removeprefix("sha256:"), *(file.sha256 for file in made.files if file.sha256)}
    store.layout.prepare()
    with Session(store.layout, claims) as session:
        aside = Store(session.scratch("again"))
        _share_data(plan, host, store, aside, progress)
        _, artifact = apply_recipe(plan, parent, host=host, store=aside, progress=progress)
        _compare(before, chain_of(aside, artifact.digest), made, artifact)
    return [Remade(recipe=lineage.recipe, digest=lineage.digest) for lineage in before]


def _compare(before: Sequence[Lineage], after: Sequence[Lineage], made: Artifact, again: Artifact) -> None:
    then = {lineage.recipe: lineage for lineage in before}
    for lineage in after:
        old = then.get(lineage.recipe)
        if old is None or old.digest == lineage.digest:
            continue
        differ = [file.path for file in lineage.files if file.sha256 not in {each.sha256 for each in old.files}]
        versions = (
            f"{old.plugin} {old.version}"
            if old.version == lineage.version
            else f"{old.version} then, {lineage.version}"
        )
        raise VerificationError(
            f"step '{_last(lineage.recipe)}' gives something else when it is done again: {', '.join(differ)}",
            hint="The figures hold for the artifact that is kept, which was left as it is",
            details=[f"then: {old.digest}", f"now: {lineage.digest}", f"done by {lineage.transform} of {versions}"],
        )
    if made.digest != again.digest:
        raise VerificationError(f"it is {again.digest} when it is made again, and {made.digest} was kept")


def _last(recipe: str) -> str:
    return recipe.rpartition("|")[2].strip()


def _share_data(plan: Plan, host: Host, store: Store, aside: Store, progress: Progress | None) -> None:
    """Put the task's data set into the other store where a step learned from it, so that it is not fetched twice."""
    provided = host.tasks.get(plan.task)
    if provided is None or not any(isinstance(step.content.get(DATA), list) for step in plan.recipe):
        return
    files = provided.spec.data
    folder = data_files(provided.spec, store=store, progress=progress)[0].parent
    aside.pull(files, label="data", sources=lambda _: made_in(folder), offline=True)
