"""Asks each installed model plugin whether an unlisted folder or repository is for it; that tells the task.

Knows nothing of formats or of where the files are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.errors import BadReference, PluginBroken
from hub.types import JSON

if TYPE_CHECKING:
    from hub.plugin.host import Host

__all__ = ["claimed_task"]


def claimed_task(
    host: Host, files: tuple[str, ...], config: Mapping[str, JSON], *, reference: str
) -> tuple[str, tuple[str, ...]]:
    """Task that the installed model plugins say these files are for, and what went wrong in asking them.

    The task is empty where nobody claims the files.

    Raises
    ------
    BadReference
        Plugins claim them for different tasks; the hint says how to choose.
    """
    claims: dict[str, list[str]] = {}
    faults: list[str] = []
    for name, provided in sorted(host.models.items()):
        spec = provided.spec
        if spec.claims is None:
            continue
        try:
            claimed = host.resolve(provided, spec.claims)(files, config)
        except PluginBroken as error:
            faults.append(error.message)
        except Exception as error:  # a stranger's code: what it raises is its own fault
            faults.append(f"plugin '{provided.plugin}' ({provided.version}) failed to look at {reference}: {error!r}")
        else:
            if claimed:
                claims.setdefault(spec.task, []).append(f"{name} ({provided.distribution} {provided.version})")
    if len(claims) > 1:
        raise BadReference(
            f"'{reference}' could be for {' or '.join(sorted(claims))}",
            details=[f"{task}: {', '.join(names)}" for task, names in sorted(claims.items())],
            hint=f"Say which: hub run {reference} --task {min(claims)}",
        )
    return next(iter(claims), ""), tuple(faults)
