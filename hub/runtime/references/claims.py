"""Asks each installed model plugin whether an unlisted folder or repository is for it: that tells task and family.

Knows nothing of formats or of where the files are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from hub.errors import BadReference, PluginBroken
from hub.types import JSON

if TYPE_CHECKING:
    from hub.plugin.host import Host

__all__ = ["Claimed", "claimed_task"]


class Claimed(NamedTuple):
    """What installed model plugins say of files: their task, and what went wrong in asking.

    `family` is that of the plugin which claims them, where one alone does and knows one alone: files that do not name
    their own are of it. Task and family are empty where nobody says.
    """

    task: str
    family: str
    faults: tuple[str, ...]


def claimed_task(host: Host, files: tuple[str, ...], config: Mapping[str, JSON], *, reference: str) -> Claimed:
    """Ask every installed model plugin.

    Raises
    ------
    BadReference
        Plugins claim them for different tasks; the hint says how to choose.
    """
    claims: dict[str, list[str]] = {}
    families: list[tuple[str, ...]] = []
    faults: list[str] = []
    for name, provided in sorted(host.models.items()):
        spec = provided.spec
        if spec.claims is None:
            continue
        try:
            claims_it = host.resolve(provided, spec.claims)(files, config)
        except PluginBroken as error:
            faults.append(error.message)
        except Exception as error:  # a stranger's code: what it raises is its own fault
            faults.append(f"plugin '{provided.plugin}' ({provided.version}) failed to look at {reference}: {error!r}")
        else:
            if claims_it:
                families.append(spec.families)
                claims.setdefault(spec.task, []).append(f"{name} ({provided.distribution} {provided.version})")
    if len(claims) > 1:
        raise BadReference(
            f"'{reference}' could be for {' or '.join(sorted(claims))}",
            details=[f"{task}: {', '.join(names)}" for task, names in sorted(claims.items())],
            hint=f"Say which: hub run {reference} --task {min(claims)}",
        )
    known = families[0] if len(families) == 1 and len(families[0]) == 1 and families[0] != ("*",) else ("",)
    return Claimed(next(iter(claims), ""), known[0], tuple(faults))
