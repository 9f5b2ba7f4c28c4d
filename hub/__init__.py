"""A small core that finds, verifies and runs AI models; everything else is a plugin.

`import hub` loads nothing: each name below is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.errors import HubError
    from hub.registry.search import search
    from hub.runtime.api import HubWarning, LoadedModel, load, plan, pull
    from hub.runtime.client.models import connect

__all__ = ["HubError", "HubWarning", "LoadedModel", "__version__", "connect", "load", "plan", "pull", "search"]

__version__ = "0.1.0"

_HOMES = {
    "HubError": "hub.errors",
    "HubWarning": "hub.runtime.api",
    "LoadedModel": "hub.runtime.api",
    "connect": "hub.runtime.client.models",
    "load": "hub.runtime.api",
    "plan": "hub.runtime.api",
    "pull": "hub.runtime.api",
    "search": "hub.registry.search",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'hub' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
