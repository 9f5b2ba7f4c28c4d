"""Search over every registry: ranked by the query, filtered by task, licence, format, size and memory.

Filters on weights hold for single variants: a model is found when one of its variants passes all of them. Loads no
plugin. Memory is a light estimate (weights, KV cache, a tenth to work with); `hub plan` asks the backend.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from hub.errors import RegistryError, UsageError
from hub.registry.catalogue import Catalogue, load_catalogue
from hub.registry.listing import ListedVariant, Listing, expected_memory
from hub.registry.names import key
from hub.registry.ranking import nearness, relevance
from hub.registry.schema import Variant

__all__ = ["Hit", "expected_memory", "search"]


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A model that was found.

    `name` is what to call it: its first alias, or the id. `size` and `memory` (bytes) are those of the first of
    `variants`, the names of the variants that pass the filters, in order of preference. `near` says that nothing
    answers the query as it is written, and this comes near.
    """

    name: str
    id: str
    task: str
    license: str
    summary: str
    parameters: int | None
    size: int
    memory: int
    formats: tuple[str, ...]
    variants: tuple[str, ...]
    tags: tuple[str, ...]
    registry: str
    score: float
    near: bool = False


def search(
    query: str = "",
    *,
    task: str | None = None,
    license: str | Sequence[str] | None = None,  # noqa: A002 - the word of the registry
    format: str | None = None,  # noqa: A002
    max_size: str | int | None = None,
    max_memory: str | int | None = None,
    fits: bool = False,
    installed: Callable[[Variant], bool] | None = None,
    catalogue: Catalogue | None = None,
) -> list[Hit]:
    """Find models.

    Parameters
    ----------
    query
        Words that the id, aliases, tags, task, family or summary hold; empty finds all.
    task, format
        Hugging Face task name; format of the weights.
    license
        SPDX identifiers, one of which the model has.
    max_size, max_memory
        Bytes, or text such as `200MB`: of all files of a variant; of the memory it is expected to take.
    fits
        Only what is expected to fit into the memory that is free now.
    installed
        Only variants that it says yes to.
    catalogue
        What to search, by default every registry that is configured.

    Returns
    -------
    list of Hit
        Best first; of equals the smaller first, then by id.

    Raises
    ------
    UsageError
        A size is not a size, or the free memory cannot be told.
    """
    licences = {license} if isinstance(license, str) else set(license or ())
    found = catalogue or load_catalogue()
    keep = _variant_filter(format, max_size, _memory_limit(max_memory, fits=fits))
    models = [
        (listing, origin)
        for listing, origin in found.listings()
        if (task is None or key(task) == key(listing.task))
        and (not licences or _has_licence(listing.license, licences))
    ]
    here = None if installed is None else _is_installed(installed, found)
    hits = _found(models, lambda listing: relevance(query, listing), keep, here)
    if not hits and query.strip():
        hits = _found(models, lambda listing: nearness(query, listing), keep, here, near=True)
    return sorted(hits, key=lambda hit: (-hit.score, hit.size, hit.id))


def _found(
    models: list[tuple[Listing, str]],
    rank: Callable[[Listing], float],
    keep: Callable[[ListedVariant], bool],
    here: Callable[[Listing, str], set[str]] | None,
    *,
    near: bool = False,
) -> list[Hit]:
    hits = []
    for listing, origin in models:
        score = rank(listing)
        variants = [variant for variant in listing.variants if keep(variant)] if score else []
        if variants and here is not None:
            names = here(listing, origin)
            variants = [variant for variant in variants if variant.name in names]
        if variants:
            hits.append(_hit(listing, variants, origin, score, near=near))
    return hits


def _is_installed(installed: Callable[[Variant], bool], catalogue: Catalogue) -> Callable[[Listing, str], set[str]]:
    """Names of the variants that are here; an entry that cannot be had has none."""

    def here(listing: Listing, origin: str) -> set[str]:
        try:
            model = catalogue.find(f"{origin}/{listing.id}").model
        except RegistryError:
            return set()
        return {variant.name for variant in model.variants if installed(variant)}

    return here


def _variant_filter(
    kind: str | None, max_size: str | int | None, memory: int | None
) -> Callable[[ListedVariant], bool]:
    size = _bytes(max_size)

    def keep(variant: ListedVariant) -> bool:
        return (
            (kind is None or key(variant.format) == key(kind))
            and (size is None or variant.size <= size)
            and (memory is None or variant.memory <= memory)
        )

    return keep


def _memory_limit(max_memory: str | int | None, *, fits: bool) -> int | None:
    limits = [] if max_memory is None else [_bytes(max_memory) or 0]
    if fits:
        from hub.memory import free_memory

        free = free_memory()
        if free is None:
            raise UsageError("this system does not tell how much memory is free", hint="Say it: --max-memory 4GB")
        limits.append(free)
    return min(limits, default=None)


def _bytes(size: str | int | None) -> int | None:
    if size is None or isinstance(size, int):
        return size
    from hub.sizes import parse_size

    return parse_size(size)


def _has_licence(expression: str, wanted: set[str]) -> bool:
    """Whether one of the identifiers is the expression, or one of those it offers with OR."""
    offered = {part.strip(" ()").casefold() for part in expression.split(" OR ")} | {expression.casefold()}
    return any(each.strip().casefold() in offered for each in wanted)


def _hit(listing: Listing, variants: list[ListedVariant], origin: str, score: float, *, near: bool) -> Hit:
    return Hit(
        name=listing.name,
        id=listing.id,
        task=listing.task,
        license=listing.license,
        summary=listing.summary,
        parameters=listing.parameters,
        size=variants[0].size,
        memory=variants[0].memory,
        formats=tuple(dict.fromkeys(variant.format for variant in variants)),
        variants=tuple(variant.name for variant in variants),
        tags=listing.tags,
        registry=origin,
        score=round(score, 4),
        near=near,
    )
