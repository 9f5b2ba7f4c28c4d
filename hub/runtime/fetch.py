"""From what a reference names to weights on this disk: which variant, from which sources, into the store.

The shared part of `hub pull`, `hub run` and the Python API. Loads no plugin where the core's sources serve the files
and the variant is named or the only one. Knows nothing of terminals.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from hub import config
from hub.errors import BadReference, HubError, Offline, PluginMissing, UsageError
from hub.plugin.builtin import hub_sources
from hub.runtime.reference import parse_reference
from hub.sources import Source, SourceContext
from hub.store.pins import is_commit, learn, pinned_listing
from hub.store.progress import Progress
from hub.store.store import Store
from hub.types import Artifact

if TYPE_CHECKING:
    from hub.registry.schema import Variant
    from hub.runtime.resolve import Target

__all__ = ["check_pin", "choose_variant", "fetch", "find_source", "record_name", "variant_of"]

Factory = Callable[[SourceContext], Source]


def fetch(
    target: Target,
    variant: str,
    *,
    store: Store,
    sources: Callable[[str], Factory] | None = None,
    progress: Progress | None = None,
    verify: bool = False,
) -> Artifact:
    """Have the files of a variant on this disk, verified.

    Parameters
    ----------
    variant
        Its name in the entry; see `choose_variant`.
    sources
        Gives the factory of a scheme's source; the core's own and then those of plugins by default.
    verify
        Hash all files, also those that look unchanged.

    Raises
    ------
    SourceError, VerificationError, StorageError
        As `hub.store.store.Store.pull` does.
    UsageError
        The target is a path: its files are on this machine already.
    """
    _refuse_path(target)
    chosen = variant_of(target, variant)
    artifact = store.pull(
        chosen.weights(),
        label=target.reference,
        model=record_name(target),
        variant=chosen.name,
        format=chosen.format,
        reference=target.reference,
        revision=target.revision,
        sources=sources or find_source,
        progress=progress,
        verify=verify,
        offline=bool(config.get("offline")),
    )
    if target.revision:
        learn(*_locator(target), artifact.files)
    return artifact


def check_pin(target: Target) -> None:
    """Ask an unlisted repository again, and refuse what has changed since it was pinned. Others have nothing to ask.

    Raises
    ------
    VerificationError
        The revision is another commit now, or its files have other hashes; the change is not taken.
    """
    if not target.revision or config.get("offline"):
        return
    scheme, locator = _locator(target)
    if is_commit(locator.partition("@")[2]):
        return
    with tempfile.TemporaryDirectory(prefix="hub-") as scratch, suppress(Offline):
        source = find_source(scheme)(SourceContext(scratch=Path(scratch)))
        with closing(source):
            pinned_listing(scheme, locator, source.listing, refresh=True)


def _locator(target: Target) -> tuple[str, str]:
    """Scheme, and `org/name[@revision]` as the pins know it."""
    scheme = target.reference.partition(":")[0]
    parsed = parse_reference(target.reference, schemes=(scheme,))
    return scheme, parsed.name + (f"@{parsed.revision}" if parsed.revision else "")


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


def choose_variant(target: Target, *, store: Store) -> tuple[str, str]:
    """Name of the variant to pull, and what to say about it.

    The one that was asked for, else the only one, else the one that would run here, else the first of the entry (with
    the reason why none runs here).

    Raises
    ------
    UsageError
        The target is a path: its files are on this machine already.
    """
    _refuse_path(target)
    if target.variant is not None:
        return target.variant, ""
    first = target.model.variants[0].name
    if len(target.model.variants) == 1:
        return first, ""
    from hub.plugin.host import get_host
    from hub.runtime.plan import make_plan

    try:
        return make_plan(target, host=get_host(), store=store).variant, ""
    except HubError as error:
        return first, f"no variant would run here ({error.message}): taking the first, {first}"


def _refuse_path(target: Target) -> None:
    if target.root is not None:
        raise UsageError(f"'{target.reference}' is a path on this machine: there is nothing to pull")


def find_source(scheme: str) -> Factory:
    """Factory of a scheme's source; plugins are asked only about schemes that the core does not know.

    Raises
    ------
    PluginMissing
        Nothing that is installed provides it.
    """
    core = _core_sources()
    if scheme in core:
        module, _, attribute = core[scheme].partition(":")
        factory: Factory = getattr(import_module(module), attribute)
        return factory
    from hub.plugin.host import get_host

    host = get_host()
    if scheme not in host.sources:
        raise PluginMissing(
            f"nothing installed provides the source '{scheme}:'",
            hint=f"Look for a plugin that does: hub plugin search {scheme}",
        )
    provided = host.sources[scheme]
    return cast("Factory", host.resolve(provided, provided.spec.target))


@cache
def _core_sources() -> Mapping[str, str]:
    return {spec.id: spec.target for spec in hub_sources()}
