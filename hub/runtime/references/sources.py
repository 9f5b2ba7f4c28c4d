"""Finds the source that serves a scheme: the core's own by name, hubs that have a name, those of plugins.

Knows nothing of references or variants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import cast

from hub import config
from hub.errors import PluginMissing
from hub.plugin.builtin import hub_sources
from hub.sources import Source, SourceContext

__all__ = ["Factory", "find_source"]

Factory = Callable[[SourceContext], Source]


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
    if scheme in config.hubs():
        return _named_hub(scheme, config.hubs()[scheme])
    from hub.plugin.host import get_host

    host = get_host()
    if scheme not in host.sources:
        raise PluginMissing(
            f"nothing installed provides the source '{scheme}:'",
            hint=f"Look for a plugin that does: hub plugin search {scheme}",
        )
    provided = host.sources[scheme]
    return cast("Factory", host.resolve(provided, provided.spec.target))


def _named_hub(name: str, url: str) -> Factory:
    from hub.store.sources.hf import HfSource

    return lambda context: HfSource(context, name=name, endpoint=url)


@cache
def _core_sources() -> Mapping[str, str]:
    return {spec.id: spec.target for spec in hub_sources()}
