"""What the server answers, a module for each family of addresses."""

from __future__ import annotations

from importlib import import_module

__all__ = ["load"]

_FAMILIES = (
    "about",
    "accounts",
    "repositories",
    "listing",
    "trees",
    "files",
    "references",
    "commits",
    "lfs",
    "xet",
    "discussions",
    "access",
    "lists",
    "pages",
)


def load() -> None:
    """Import all of them, so that their routes are known."""
    for family in _FAMILIES:
        import_module(f"hub_mirror.endpoints.{family}")
