"""What a catalogue reads entries from: a registry that was read whole, or one of which only what is asked for is read.

Knows nothing of the order of registries or of how they are had.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from hub.registry.listing import Listing, listing_of
from hub.registry.names import key
from hub.registry.schema import Model, Plugin, Registry

__all__ = ["Shelf", "WholeShelf"]


class Shelf(Protocol):
    """One registry. Ids are spelled as the registry spells them."""

    @property
    def name(self) -> str:
        """Name that the registry gives itself."""

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Plugins that it lists."""

    def names(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        """Id and aliases of each model, in its order."""

    def listings(self) -> Iterable[Listing]:
        """Each model as a search sees it."""

    def model(self, model_id: str) -> Model:
        """The whole entry of an id.

        Raises
        ------
        RegistryError
            It is not here, and cannot be had.
        """


class WholeShelf:
    """A registry that was read whole; `name` is what the person calls it."""

    def __init__(self, registry: Registry, *, name: str = "") -> None:
        self._registry = registry
        self._name = name or registry.name
        self._models = {key(model.id): model for model in reversed(registry.models)}

    @property
    def name(self) -> str:
        """What it is shown as."""
        return self._name

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """As in the file."""
        return self._registry.plugins

    @property
    def models(self) -> tuple[Model, ...]:
        """All entries."""
        return self._registry.models

    def names(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Id and aliases of each model."""
        for model in self._registry.models:
            yield model.id, model.aliases

    def listings(self) -> Iterator[Listing]:
        """Made from the entries."""
        return (listing_of(model) for model in self._registry.models)

    def model(self, model_id: str) -> Model:
        """The entry."""
        return self._models[key(model_id)]
