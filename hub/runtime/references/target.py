"""What a reference names: an entry, a variant of it perhaps, and where it came from.

Knows nothing of how references are read or weights are fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hub.errors import BadReference, UsageError
from hub.registry.schema import Model, Variant

__all__ = ["Target", "record_name", "refuse_path", "variant_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a reference names.

    Parameters
    ----------
    model
        The entry; for an unlisted repository or a path it is made up from what lies there, and files whose hash is
        not known yet have an empty `sha256`.
    variant
        Name of the variant that was asked for, as the entry spells it; `None` where none was.
    origin
        Name of the registry, `unlisted` or `path`.
    notice
        What the person should know before they use it; may be empty.
    root
        Folder that holds the files already, for a path.
    revision
        Commit that an unlisted repository is pinned to.
    """

    reference: str
    model: Model
    variant: str | None = None
    origin: str
    notice: str = ""
    root: Path | None = None
    revision: str = ""

    def variants(self) -> tuple[Variant, ...]:
        """The variant that was asked for, or all, in order of preference."""
        return tuple(each for each in self.model.variants if self.variant in {None, each.name})


def record_name(target: Target) -> str:
    """Name of a target's model in the store: its id, with the scheme before it where no registry lists it."""
    if target.revision:
        return f"{target.reference.partition(':')[0]}:{target.model.id}"
    return target.model.id


def variant_of(target: Target, name: str) -> Variant:
    """Variant of this name.

    Raises
    ------
    BadReference
        The model has none of this name.
    """
    names = [variant.name for variant in target.model.variants]
    if name not in names:
        raise BadReference(
            f"'{target.model.id}' has no variant '{name}'; it has {', '.join(names)}",
            hint=f"Write: hub pull {target.model.name}:{names[0]}",
        )
    return target.model.variants[names.index(name)]


def refuse_path(target: Target) -> None:
    """A path has nothing to pull: its files are here.

    Raises
    ------
    UsageError
        The target is a path.
    """
    if target.root is not None:
        raise UsageError(f"'{target.reference}' is a path on this machine: there is nothing to pull")
