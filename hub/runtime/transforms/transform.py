"""Has the recipe of a plan done, each step once: what was made is kept in the store with its lineage and found again.

What a step makes is checked before it is kept, and a process that is killed leaves nothing that a later run would take.
Knows nothing of how one step is done: that is `hub.runtime.transforms.job`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.runtime.planning.recipe import Step, recipe_text
from hub.runtime.protocols import Weights
from hub.runtime.transforms.job import Job, facts_of_lineage
from hub.runtime.transforms.lineage import key_of_step, read_lineage
from hub.runtime.transforms.scratch import identified, made_in
from hub.store.names import digest_of_files
from hub.store.progress import Progress, Silent
from hub.store.session import Session
from hub.store.store import Store
from hub.types import Artifact, Facts

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.planning.plan import Plan

__all__ = ["apply_recipe", "find_derived", "find_made"]


def find_derived(plan: Plan, *, host: Host, store: Store) -> tuple[Plan, Artifact] | None:
    """What the plan's recipe made earlier, with the plan that opens it; `None` where a step has to be run.

    Needs neither the variant's files nor the plugins that ran the steps.
    """
    found = find_made(plan.source, plan.recipe, host=host, store=store)
    return None if found is None else (_opens(plan, *found), found[1])


def find_made(facts: Facts, recipe: Sequence[Step], *, host: Host, store: Store) -> tuple[Facts, Artifact] | None:
    """What these steps made earlier of weights of these facts; `None` where one of them has to be run, or is none."""
    digest = digest_of_files(facts.files)
    artifact, origin, lossy = None, digest or "", False
    for step in recipe:
        lineage = read_lineage(store, key_of_step(digest, step, origin)) if digest else None
        if lineage is None:
            return None
        digest, facts, lossy = lineage.digest, facts_of_lineage(lineage, facts, host), lossy or step.lossy
        origin = origin if lossy else digest
        artifact = store.find(lineage.files)
    return None if artifact is None else (facts, artifact)


def apply_recipe(
    plan: Plan,
    artifact: Artifact,
    *,
    host: Host,
    store: Store,
    name: str = "",
    progress: Progress | None = None,
) -> tuple[Plan, Artifact]:
    """Run the steps that were not done yet.

    Parameters
    ----------
    artifact
        The variant's files.
    name
        What the store's record calls the model; its id by default.

    Returns
    -------
    tuple
        The plan with the facts of what came out, and that artifact; both as they are where the recipe is empty.

    Raises
    ------
    PluginMissing, PluginBroken
        A transform is not installed any more, raised, gave something else than it promised, or is a converter whose
        output differs from its input.
    StorageError
        There is no room for the copies or the result.
    """
    if not plan.recipe:
        return plan, artifact
    parent = artifact if artifact.digest else identified(artifact)
    claims = {parent.digest.removeprefix("sha256:"), *(file.sha256 for file in parent.files if file.sha256)}
    store.layout.prepare()
    with Session(store.layout, claims) as session:
        facts, made = plan.source, parent
        origin, began = Weights(path=parent.path, facts=facts), parent.digest
        for place, step in enumerate(plan.recipe):
            recipe = recipe_text(plan.recipe[: place + 1])
            job = Job(
                plan=plan,
                step=step,
                recipe=recipe,
                origin=origin,
                began=began,
                host=host,
                store=store,
                session=session,
                progress=progress or Silent(),
            )
            facts, made = job.done(facts, made)
            if not any(each.lossy for each in plan.recipe[: place + 1]):
                origin, began = Weights(path=made.path, facts=facts), made.digest
        record(plan, facts, made, store, name or plan.model)
    return _opens(plan, facts, made), made


def record(plan: Plan, facts: Facts, artifact: Artifact, store: Store, name: str) -> None:
    """Note in the store that the person has this artifact, so that it is listed and never garbage."""
    steps = [
        f"{word}({options})" if colon else word for word, colon, options in (str(s).partition(":") for s in plan.recipe)
    ]
    store.pull(
        artifact.files,
        label=plan.reference,
        model=name,
        variant="+".join([plan.variant, *steps]),
        format=facts.format,
        reference=plan.reference,
        sources=lambda _: made_in(artifact.path),
        offline=True,
    )


def _opens(plan: Plan, facts: Facts, artifact: Artifact) -> Plan:
    return replace(plan, facts=replace(facts, files=artifact.files), download=0)
