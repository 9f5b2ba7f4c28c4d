"""What is to be published: the files of a folder or artifact that belong to a model, its lineage, and its card.

Takes weights of safe formats and the small files beside them, and nothing else that lies there. Knows nothing of where
it goes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import StorageError, UsageError
from hub.publish.card import Card
from hub.publish.listing import card_of
from hub.runtime.references.resolve import resolve
from hub.runtime.references.target import Target
from hub.runtime.transforms.export import LINEAGE, lineage_json
from hub.types import JSON

if TYPE_CHECKING:
    from hub.store.progress import Progress

__all__ = ["CARD", "Material", "find_material"]

CARD = "README.md"
_BESIDE = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING", "NOTICE", "NOTICE.txt", "USE_POLICY.md")


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """Files by their path in the repository, and what is known of them.

    `target` is the folder as a model; `origin` what it was made of, where that is a model that has a name; `lineage` is
    the document of `hub-lineage.json`; `before` the steps that the maker of a listed variant had done.
    """

    target: Target
    files: Mapping[str, Path]
    card: Card
    origin: Target | None = None
    lineage: Mapping[str, JSON] = field(default_factory=dict)
    before: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of the steps that lost something, as a recipe spells them."""
        found = self.lineage.get("steps")
        lossy = (
            [each for each in found if isinstance(each, dict) and each.get("lossy")] if isinstance(found, list) else []
        )
        done = (str(each.get("recipe", "")).rpartition("|")[2].strip().partition(":")[0] for each in lossy)
        return (*self.before, *done)

    @property
    def recipe(self) -> str:
        """All steps, as text."""
        found = self.lineage.get("steps")
        last = found[-1] if isinstance(found, list) and found else {}
        return str(last.get("recipe", "")) if isinstance(last, dict) else ""

    @property
    def base(self) -> str:
        """Repository of the model that it was made of; empty where that is not known."""
        found = self.lineage.get("steps")
        first = found[0] if isinstance(found, list) and found else {}
        named = str(first.get("model", "")) if isinstance(first, dict) else ""
        if self.origin is not None and self.origin.root is None:
            named = named or self.origin.model.id
        return named.removeprefix("hf:") if "/" in named and not named.startswith("local/") else ""

    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.files.values())


def find_material(reference: str, *, recipe: str = "", task: str = "", progress: Progress | None = None) -> Material:
    """What a reference names, on this disk.

    Parameters
    ----------
    recipe
        Steps that are done to it first, or were: what they made is published, with its lineage.

    Raises
    ------
    UsageError
        It names files that are no model.
    HubError
        As resolving, pulling and compressing raise it.
    """
    target = resolve(reference, task=task or None)
    if target.root is not None and not recipe:
        return _of_folder(target, None, _lineage_in(target.root))
    from hub.plugin.host import get_host
    from hub.runtime.planning.planner import make_plan
    from hub.runtime.transforms.lineage import chain_of
    from hub.runtime.transforms.ready import make_ready
    from hub.store.store import Store

    host, store = get_host(), Store()
    plan = make_plan(target, host=host, store=store, recipe=recipe, task=task or None)
    if plan.load_steps:
        raise UsageError(
            f"'{recipe}' is done while {plan.backend} opens the model: there is no artifact to publish",
            hint="Name a recipe that makes one; see: hub plan",
        )
    plan, artifact = make_ready(target, plan, host=host, store=store, progress=progress)
    chain = [lineage_json(step) for step in chain_of(store, artifact.digest)]
    lineage: dict[str, JSON] = {"digest": artifact.digest, "steps": list(chain)} if chain else {}
    made = resolve(f"{artifact.path}/", task=plan.task)
    return replace(_of_folder(made, target, lineage), before=plan.steps)


def _of_folder(target: Target, origin: Target | None, lineage: Mapping[str, JSON]) -> Material:
    root = target.root
    assert root is not None
    files = {file.path: root / file.path for variant in target.variants() for file in variant.files}
    folder = target.reference.rstrip("/") and Path(target.reference).expanduser().is_dir()
    if folder:
        files |= {name: root / name for name in (*_BESIDE, LINEAGE) if (root / name).is_file()}
    for name, path in files.items():
        if not path.is_file():
            raise UsageError(f"{name} in {root} is no file")
        if path.is_symlink() and origin is None and not path.resolve().is_relative_to(root.resolve()):
            raise UsageError(
                f"{name} in {root} is a link that leads out of the folder", hint="Put the file itself there"
            )
    card = card_of(target) if folder else Card()
    return Material(target=target, files=files, card=card, origin=origin, lineage=lineage)


def _lineage_in(root: Path) -> Mapping[str, JSON]:
    path = root / LINEAGE
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} cannot be read: {error}", hint="Make it again: hub compress … --out") from error
    if not isinstance(content, dict) or not isinstance(content.get("steps"), list):
        raise UsageError(f"{path} is no lineage of hub", hint="Make it again: hub compress … --out")
    return content
