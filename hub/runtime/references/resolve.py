"""From what a person wrote for MODEL to an entry: of a registry, of an unlisted repository, or of a path.

A registry wins over a file or folder of the same name, unless the reference starts like a path. An unlisted
repository is pinned on first use. Knows nothing of backends, plans or downloads.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hub import config
from hub.errors import BadReference
from hub.registry.catalogue import Catalogue, Entry, load_catalogue
from hub.registry.names import key, near
from hub.registry.schema import Model, Variant
from hub.runtime.references.local import exists, list_files, locate, read_config
from hub.runtime.references.reference import Reference, is_path, parse_reference
from hub.runtime.references.target import Target
from hub.texts import one_line
from hub.types import JSON, WeightFile

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.sources import Source

__all__ = ["PATH", "UNLISTED", "resolve"]

UNLISTED = "unlisted"
PATH = "path"


def resolve(reference: str, *, task: str | None = None) -> Target:
    """Find what a reference names.

    Parameters
    ----------
    task
        For a repository or path that installed plugins would use for more than one task.

    Raises
    ------
    BadReference
        It names nothing (near names are in the hint), or more than one thing.
    PolicyError
        An unlisted repository or folder that has pickles alone.
    PlanError
        An unlisted repository or folder without weights of a known format.
    SourceError, VerificationError
        The repository cannot be read, or its `config.json` is not what was promised.
    """
    parsed = parse_reference(reference, schemes=_schemes(reference))
    if parsed.kind == "repository":
        return _repository(parsed, task)
    if parsed.kind == "path" and (is_path(reference) or exists(reference)):
        return _path(parsed, task)
    catalogue = load_catalogue()
    try:
        entry = catalogue.find(parsed.name)
    except BadReference as error:
        if exists(reference):
            return _path(parsed, task)
        raise _unknown(parsed, error) from None
    return _listed(parsed, entry)


def _schemes(reference: str) -> tuple[str, ...]:
    """Schemes with repositories, names of hubs too; plugins are asked only about one that the core does not know."""
    scheme, colon, rest = reference.partition(":")
    if not colon or scheme == "hf" or "/" not in rest or "/" in scheme:
        return ("hf",)
    if scheme in config.hubs():
        return (scheme,)
    from hub.plugin.host import get_host

    return tuple(get_host().sources)


def _listed(parsed: Reference, entry: Entry) -> Target:
    """A yanked variant is there for who names it; who names none gets one of the others."""
    variant = _variant_name(parsed, entry.model.variants)
    left = tuple(each for each in entry.model.variants if not each.yanked or each.name == variant)
    if not left:
        names = [f"{each.name}: {one_line(each.yanked)}" for each in entry.model.variants]
        raise BadReference(
            f"'{parsed.text}' was yanked by its registry, {entry.origin}",
            details=names,
            hint=f"To use it all the same, name a variant: {parsed.text}:{entry.model.variants[0].name}",
        )
    why = next((one_line(each.yanked) for each in left if each.name == variant), "")
    return Target(
        reference=parsed.text,
        model=msgspec.structs.replace(entry.model, variants=left),
        variant=variant,
        origin=entry.origin,
        notice=f"Warning: {parsed.text} was yanked by its registry, {entry.origin}: {why}" if why else "",
    )


def _unknown(parsed: Reference, error: BadReference) -> BadReference:
    if parsed.name.count("/") != 1:
        return error
    unlisted = f"If it is a repository on the Hugging Face Hub: hf:{parsed.text}"
    return BadReference(error.message, hint=f"{error.hint}. {unlisted}", details=error.details)


def _repository(parsed: Reference, task: str | None) -> Target:
    from hub.plugin.host import get_host
    from hub.store.pins import pinned_listing

    where = f"{parsed.scheme}:{parsed.name}"
    locator = parsed.name + (f"@{parsed.revision}" if parsed.revision else "")
    with tempfile.TemporaryDirectory(prefix="hub-") as scratch, closing(_source(parsed.scheme, scratch)) as source:
        listing = pinned_listing(parsed.scheme, locator, source.listing)
        settings = _repository_config(source, listing.files)
    model, faults = _made_up(get_host(), parsed.name, where, listing.files, settings, task)
    said = [f"{where} is taken as it is: nobody vouches for it. It is pinned to {listing.revision[:12]}"]
    catalogued = _catalogued(load_catalogue(), parsed.name)
    if catalogued:
        said.insert(0, f"A registry lists it as {catalogued}, with checked weights: hub run {catalogued}")
    return Target(
        reference=parsed.text,
        model=model,
        variant=_variant_name(parsed, model.variants),
        origin=UNLISTED,
        notice=". ".join([*said, *faults]),
        revision=listing.revision,
    )


def _source(scheme: str, scratch: str) -> Source:
    from hub.runtime.references.sources import find_source
    from hub.sources import SourceContext

    return find_source(scheme)(SourceContext(scratch=Path(scratch), offline=bool(config.get("offline"))))


def _repository_config(source: Source, files: tuple[WeightFile, ...]) -> dict[str, JSON]:
    from hub.runtime.references.peek import peek

    found = next((file for file in files if file.path == "config.json"), None)
    if found is None:
        return {}
    try:
        value = json.loads(peek(source, found))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _path(parsed: Reference, task: str | None) -> Target:
    from hub.plugin.host import get_host

    path = locate(parsed.name)
    root = path if path.is_dir() else path.parent
    files = list_files(path)
    if path.is_file():
        from hub.runtime.references.unlisted import beside

        files = beside(files, path.name)
    settings = read_config(root, tuple(file.path for file in files))
    model, faults = _made_up(
        get_host(), f"local/{path.stem if path.is_file() else path.name}", parsed.text, files, settings, task
    )
    return Target(reference=parsed.text, model=model, origin=PATH, notice=". ".join(faults), root=root)


def _made_up(
    host: Host, name: str, where: str, files: tuple[WeightFile, ...], settings: Mapping[str, JSON], task: str | None
) -> tuple[Model, tuple[str, ...]]:
    """Entry of what no registry lists."""
    from hub.runtime.references.claims import claimed_task
    from hub.runtime.references.unlisted import find_variants

    variants = find_variants(files, {format_id: given.spec for format_id, given in host.formats.items()}, where=where)
    faults: tuple[str, ...] = ()
    family = ""
    if task is None:
        names = tuple(sorted({file.path for variant in variants for file in variant.files}))
        task, family, faults = claimed_task(host, names, settings, reference=where)
    context = settings.get("max_position_embeddings")
    return (
        Model(
            id=name,
            task=task,
            license="",
            summary="",
            variants=variants,
            family=str(settings.get("model_type") or family),
            context_length=context if isinstance(context, int) else None,
            config=dict(settings),
        ),
        faults,
    )


def _variant_name(parsed: Reference, variants: tuple[Variant, ...]) -> str | None:
    if parsed.variant is None:
        return None
    names = {key(variant.name): variant.name for variant in variants}
    try:
        return names[key(parsed.variant)]
    except KeyError:
        close = near(parsed.variant, names.values()) or list(names.values())
        stem = parsed.text.removesuffix(f":{parsed.variant}")
        raise BadReference(
            f"'{stem}' has no variant '{parsed.variant}'; it has {', '.join(names.values())}",
            hint=f"Write: {stem}:{close[0]}",
        ) from None


def _catalogued(catalogue: Catalogue, name: str) -> str:
    """What to call the entry that already lists a repository, by its id or as the source of its weights."""
    for entry in catalogue.entries:
        sources = (source for variant in entry.model.variants for file in variant.files for source in file.sources)
        if key(entry.model.id) == key(name) or any(source.startswith(f"hf:{name}@") for source in sources):
            return entry.model.name
    return ""
