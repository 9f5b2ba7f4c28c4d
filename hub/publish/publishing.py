"""Publishes a model: looks at it, completes its card, uploads it, and makes the entry of what came to lie there.

Joins the parts, each of which knows nothing of the next. Knows nothing of terminals.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hub.publish.card import checked_licence
from hub.publish.describing import describe
from hub.publish.entry import Given, make_entry
from hub.publish.inspection import inspect
from hub.publish.material import CARD, Material, find_material
from hub.registry.editing import Entry
from hub.registry.finding import Finding
from hub.registry.schema import File

if TYPE_CHECKING:
    from hub.publish.upload import Destination, Uploaded
    from hub.store.progress import Progress

__all__ = ["Ready", "entry_for", "prepare", "send"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """What will be published, with its completed card, what was found of it, and what the person says of it."""

    material: Material
    given: Given
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> int:
        """How many findings keep it from being published."""
        return sum(finding.level == "fault" for finding in self.findings)


def prepare(
    reference: str,
    repository: str,
    given: Given,
    *,
    recipe: str = "",
    base: str = "",
    answer: bool = True,
    progress: Progress | None = None,
) -> Ready:
    """Find what a reference names, complete its card and look at it; nothing leaves this machine.

    Parameters
    ----------
    repository
        `org/name` that it will have.
    recipe
        Steps whose result is published.
    base
        Repository of the model that it was made of, where the lineage does not say.
    answer
        Whether it is asked something.
    """
    if given.license:
        given = replace(given, license=checked_licence(given.license))
    material = find_material(reference, recipe=recipe, task=given.task, progress=progress)
    origin = None if material.origin is None else material.origin.model
    if origin is not None:
        given = replace(given, example=given.example or origin.example, tags=given.tags or origin.tags)
    material = replace(material, card=describe(material, given, repository, base=base))
    findings, requires = inspect(material, example=given.example, answer=answer)
    return Ready(material=material, given=replace(given, requires=given.requires or requires), findings=tuple(findings))


def send(ready: Ready, to: Destination, *, message: str, private: bool = False, pull_request: bool = False) -> Uploaded:
    """Upload it; raises as `hub.publish.upload.upload`."""
    from hub.publish.upload import upload

    with tempfile.TemporaryDirectory(prefix="hub-publish-") as folder:
        card = Path(folder, CARD)
        card.write_text(ready.material.card.text(), encoding="utf-8")
        files = {**ready.material.files, CARD: card}
        return upload(files, to, message=message, private=private, pull_request=pull_request)


def entry_for(ready: Ready, repository: str, files: Mapping[str, File]) -> Entry:
    """The entry of what was uploaded; `files` by their path, as they lie there now.

    Raises
    ------
    UsageError
        What an entry needs is neither given nor told by the card.
    """
    material, given = ready.material, ready.given
    target = material.target
    by_variant = {
        variant.name: tuple(msgspec.structs.replace(files[file.path], part=file.part) for file in variant.files)
        for variant in target.variants()
    }
    if len(by_variant) == 1 and material.steps and not given.variant:
        given = replace(given, variant="-".join(material.steps))
    origin = material.origin.model if material.origin else None
    model = msgspec.structs.replace(
        target.model,
        id=repository,
        family=target.model.family or (origin.family if origin else ""),
        config={**(origin.config if origin else {}), **target.model.config},
    )
    said = replace(
        given,
        id=given.id or repository,
        steps=given.steps or material.steps,
        summary=given.summary or _summary(material),
        links={"model": f"https://huggingface.co/{repository}", **(given.links or {})},
    )
    return make_entry(replace(target, model=model), by_variant, material.card, said)


def _summary(material: Material) -> str:
    """Of what was made of a listed model: what that is, and what was done."""
    own = material.origin.model.summary if material.origin else ""
    done = material.recipe or " | ".join(material.steps)
    return f"{own.rstrip('.')}; after {done}."[:500] if own and done else own
