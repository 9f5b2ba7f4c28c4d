"""Which variant to pull where the person named none: the one that would run here.

Loads no plugin where the variant is named or the only one. Knows nothing of terminals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.errors import HubError
from hub.runtime.references.target import refuse_path

if TYPE_CHECKING:
    from hub.runtime.references.target import Target
    from hub.store.store import Store

__all__ = ["choose_variant"]


def choose_variant(target: Target, *, store: Store) -> tuple[str, str]:
    """Name of the variant to pull, and what to say about it.

    The one that was asked for, else the only one, else the one that would run here, else the first of the entry (with
    the reason why none runs here).

    Raises
    ------
    UsageError
        The target is a path: its files are on this machine already.
    """
    refuse_path(target)
    if target.variant is not None:
        return target.variant, ""
    first = target.model.variants[0].name
    if len(target.model.variants) == 1:
        return first, ""
    from hub.plugin.host import get_host
    from hub.runtime.planning.planner import make_plan

    try:
        return make_plan(target, host=get_host(), store=store).variant, ""
    except HubError as error:
        return first, f"no variant would run here ({error.message}): taking the first, {first}"
