"""Search over every registry: ranked by the query, filtered by task, licence, format, size and memory.

Filters on weights hold for single variants: a model is found when one of its variants passes all of them. Loads no
plugin. Memory is a light estimate (weights, KV cache, a tenth to work with); `hub plan` asks the backend.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from hub.errors import UsageError
from hub.registry.catalogue import Catalogue, load_catalogue
from hub.registry.names import key
from hub.registry.ranking import nearness, relevance
from hub.registry.schema import Model, Variant

__all__ = ["Hit", "expected_memory", "search"]

_WEIGHTLESS = (".json", ".txt", ".model", ".jinja", ".md")
_LEAST_WORKING = 64 * 2**20


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
    keep = _variant_filter(format, max_size, _memory_limit(max_memory, fits=fits), installed)
    models = [
        (model, origin)
        for model, origin in _candidates(catalogue or load_catalogue())
        if (task is None or key(task) == key(model.task)) and (not licences or _has_licence(model.license, licences))
    ]
    hits = _found(models, lambda model: relevance(query, model), keep)
    if not hits and query.strip():
        hits = _found(models, lambda model: nearness(query, model), keep, near=True)
    return sorted(hits, key=lambda hit: (-hit.score, hit.size, hit.id))


def expected_memory(model: Model, variant: Variant) -> int:
    """Bytes that a variant is expected to take while it runs, in the lightest usual way."""
    weights = sum(file.size for file in variant.files if not file.path.endswith(_WEIGHTLESS))
    cache = 0
    if model.task == "text-generation":
        from hub.memory import DEFAULT_CONTEXT, kv_cache

        cache = kv_cache(model.config, min(model.context_length or DEFAULT_CONTEXT, DEFAULT_CONTEXT))
    return weights + cache + max(weights // 10, _LEAST_WORKING)


def _found(
    models: list[tuple[Model, str]],
    rank: Callable[[Model], float],
    keep: Callable[[Model, Variant], bool],
    *,
    near: bool = False,
) -> list[Hit]:
    hits = []
    for model, origin in models:
        score = rank(model)
        variants = [variant for variant in model.variants if keep(model, variant)] if score else []
        if variants:
            hits.append(_hit(model, variants, origin, score, near=near))
    return hits


def _candidates(catalogue: Catalogue) -> list[tuple[Model, str]]:
    """Every entry, once: of the same id only the one that `find` gives."""
    first: dict[str, tuple[Model, str]] = {}
    for entry in catalogue.entries:
        first.setdefault(key(entry.model.id), (entry.model, entry.origin))
    return list(first.values())


def _variant_filter(
    kind: str | None,
    max_size: str | int | None,
    memory: int | None,
    installed: Callable[[Variant], bool] | None,
) -> Callable[[Model, Variant], bool]:
    size = _bytes(max_size)

    def keep(model: Model, variant: Variant) -> bool:
        return (
            not variant.yanked
            and (kind is None or key(variant.format) == key(kind))
            and (size is None or variant.size <= size)
            and (memory is None or expected_memory(model, variant) <= memory)
            and (installed is None or installed(variant))
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


def _hit(model: Model, variants: list[Variant], origin: str, score: float, *, near: bool) -> Hit:
    return Hit(
        name=model.name,
        id=model.id,
        task=model.task,
        license=model.license,
        summary=model.summary,
        parameters=model.parameters,
        size=variants[0].size,
        memory=expected_memory(model, variants[0]),
        formats=tuple(dict.fromkeys(variant.format for variant in variants)),
        variants=tuple(variant.name for variant in variants),
        tags=model.tags,
        registry=origin,
        score=round(score, 4),
        near=near,
    )
