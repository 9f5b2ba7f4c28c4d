"""Finds what builds a model in a backend's framework, where a model plugin brings it and the weights do not say it.

Knows nothing of any framework.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from hub.types import Facts

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.protocols import Architecture

__all__ = ["architecture_of", "offered"]


def offered(facts: Facts, host: Host) -> dict[str, str]:
    """Framework to the target that builds models of this task and family in it; the first plugin by name counts."""
    found: dict[str, str] = {}
    for _, provided in sorted(host.models.items()):
        spec = provided.spec
        if spec.task == facts.task and ("*" in spec.families or facts.family in spec.families):
            found = {**spec.architectures, **found}
    return found


def architecture_of(facts: Facts, frameworks: Iterable[str], host: Host) -> Architecture | None:
    """What builds these weights' model in the first of the frameworks that a plugin brings one for.

    Raises
    ------
    PluginBroken
        The plugin's module cannot be imported.
    """
    for framework in frameworks:
        target = facts.architectures.get(framework)
        for provided in host.models.values():
            if target is not None and provided.spec.architectures.get(framework) == target:
                return cast("Architecture", host.resolve(provided, target))
    return None
