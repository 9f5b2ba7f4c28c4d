"""How answers of a changed model are compared with those of its origin, by the standard terms of each kind of task.

A plugin names one of them in its `TaskSpec`, without importing anything: `fidelity="hub.runtime.fidelity:Labels"`.
They are `Language` (what a language model expects next), `Vectors` (embeddings) and `Labels` (classifiers). Each is
imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.runtime.fidelity.labels import Labels as Labels
    from hub.runtime.fidelity.language import Language as Language
    from hub.runtime.fidelity.vectors import Vectors as Vectors

__all__ = ["Labels", "Language", "Vectors"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from importlib import import_module

        return getattr(import_module(f"hub.runtime.fidelity.{name.lower()}"), name)
    raise AttributeError(f"module 'hub.runtime.fidelity' has no attribute {name!r}")
