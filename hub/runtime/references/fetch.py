"""From what a reference names to weights on this disk: which variant, from which sources, into the store.

The shared part of `hub pull`, `hub run` and the Python API. Loads no plugin where the core's sources serve the files
and the variant is named or the only one. Knows nothing of terminals.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hub import config
from hub.errors import Offline
from hub.runtime.references.reference import parse_reference
from hub.runtime.references.sources import Factory, find_source
from hub.runtime.references.target import record_name, refuse_path, variant_of
from hub.sources import SourceContext
from hub.store.pins import is_commit, learn, pinned_listing
from hub.store.progress import Progress
from hub.store.store import Store
from hub.types import Artifact

if TYPE_CHECKING:
    from hub.runtime.references.target import Target

__all__ = ["check_pin", "fetch"]


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
    refuse_path(target)
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
