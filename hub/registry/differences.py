"""What a change does to a registry: which entries are new, changed or gone, and whether listed bytes are touched.

Works on two registries that were read. Knows nothing of git, of who made the change, or whether it is allowed.
"""

from __future__ import annotations

import msgspec

from hub.registry.names import key
from hub.registry.schema import Model, Plugin, Registry, Variant

__all__ = ["Differences", "ModelChange", "PluginChange", "bytes_of", "compare"]


class ModelChange(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is new (`before` is none), changed, or gone (`after` is none); `index` is its place after."""

    before: Model | None
    after: Model | None
    index: int = -1

    @property
    def entry(self) -> str:
        """Id of the model."""
        model = self.after or self.before
        assert model is not None
        return model.id

    def fetched(self) -> list[tuple[int, Variant]]:
        """Variants whose files or sources are not those from before, with their place; yanked ones are left out."""
        old = {} if self.before is None else {key(each.name): each for each in self.before.variants}
        found = []
        for number, variant in enumerate(self.after.variants if self.after else ()):
            same = old.get(key(variant.name))
            if not variant.yanked and (same is None or same.files != variant.files or same.format != variant.format):
                found.append((number, variant))
        return found


class PluginChange(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin that is new, changed or gone."""

    before: Plugin | None
    after: Plugin | None
    index: int = -1

    @property
    def entry(self) -> str:
        """Name of the package."""
        plugin = self.after or self.before
        assert plugin is not None
        return plugin.package


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs. `head` says whether the registry's own fields do (its name, its maintainers)."""

    models: tuple[ModelChange, ...] = ()
    plugins: tuple[PluginChange, ...] = ()
    head: bool = False

    def __bool__(self) -> bool:
        return bool(self.models or self.plugins or self.head)


def compare(before: Registry | None, after: Registry) -> Differences:
    """What `after` changes; without a `before`, everything is new."""
    old = before or Registry(schema=after.schema, name=after.name, maintainers=after.maintainers)
    known = {key(model.id): model for model in old.models}
    packages = {key(plugin.package): plugin for plugin in old.plugins}
    models = [
        ModelChange(before=known.get(key(model.id)), after=model, index=index)
        for index, model in enumerate(after.models)
        if known.get(key(model.id)) != model
    ]
    plugins = [
        PluginChange(before=packages.get(key(plugin.package)), after=plugin, index=index)
        for index, plugin in enumerate(after.plugins)
        if packages.get(key(plugin.package)) != plugin
    ]
    left = {key(model.id) for model in after.models}
    listed = {key(plugin.package) for plugin in after.plugins}
    models += [ModelChange(before=model, after=None) for name, model in known.items() if name not in left]
    plugins += [PluginChange(before=plugin, after=None) for name, plugin in packages.items() if name not in listed]
    head = (old.name, old.maintainers) != (after.name, after.maintainers)
    return Differences(models=tuple(models), plugins=tuple(plugins), head=head)


def bytes_of(variant: Variant) -> tuple[object, ...]:
    """What a name stands for and may never change: the format, the steps, and each file's path, size and sha256."""
    files = sorted((file.path, file.size, file.sha256, file.part) for file in variant.files)
    return variant.format, variant.steps, tuple(files)
