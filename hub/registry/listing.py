"""What a search needs of a model, without its files: a line of a search database, or made from a whole entry.

Knows nothing of ranking, or of where listings are kept.
"""

from __future__ import annotations

import msgspec

from hub.registry.schema import Model, Variant

__all__ = ["ListedVariant", "Listing", "expected_memory", "listing_of"]

_WEIGHTLESS = (".json", ".txt", ".model", ".jinja", ".md")
_LEAST_WORKING = 64 * 2**20


class ListedVariant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A variant that may be chosen; `size` and the `memory` that it is expected to take in bytes."""

    name: str
    format: str
    size: int
    memory: int


class Listing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model; variants that were yanked are left out."""

    id: str
    task: str
    license: str
    summary: str
    variants: tuple[ListedVariant, ...] = ()
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    family: str = ""
    parameters: int | None = None

    @property
    def name(self) -> str:
        """What people type: the first alias, else the id."""
        return self.aliases[0] if self.aliases else self.id


def listing_of(model: Model) -> Listing:
    """The listing of an entry."""
    return Listing(
        id=model.id,
        task=model.task,
        license=model.license,
        summary=model.summary,
        aliases=model.aliases,
        tags=model.tags,
        family=model.family,
        parameters=model.parameters,
        variants=tuple(
            ListedVariant(
                name=variant.name,
                format=variant.format,
                size=variant.size,
                memory=expected_memory(model, variant),
            )
            for variant in model.variants
            if not variant.yanked
        ),
    )


def expected_memory(model: Model, variant: Variant) -> int:
    """Bytes that a variant is expected to take while it runs, in the lightest usual way."""
    weights = sum(file.size for file in variant.files if not file.path.endswith(_WEIGHTLESS))
    cache = 0
    if model.task == "text-generation":
        from hub.memory import DEFAULT_CONTEXT, kv_cache

        cache = kv_cache(model.config, min(model.context_length or DEFAULT_CONTEXT, DEFAULT_CONTEXT))
    return weights + cache + max(weights // 10, _LEAST_WORKING)
