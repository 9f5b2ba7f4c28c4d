"""Makes the entry of a plugin from its installed package: what its metadata says, and what the host sees it give.

Knows nothing of registries beyond the fields of an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageMetadata, PackageNotFoundError, distribution

from packaging.version import Version

from hub.errors import PluginBroken, PluginMissing
from hub.plugin.discovery import canonical
from hub.plugin.hooks import CONTRACT
from hub.plugin.records import PluginRecord
from hub.registry.editing import Entry

__all__ = ["plugin_entry"]


def plugin_entry(package: str, *, owners: Sequence[str] = ()) -> Entry:
    """Entry of an installed plugin.

    Raises
    ------
    PluginMissing
        It is not installed, or brings no plugin.
    PluginBroken
        The host cannot load it.
    """
    from hub.plugin.survey import survey

    try:
        found = distribution(package)
    except PackageNotFoundError as error:
        hint = f"Try it as people will: hub plugin install {package}"
        raise PluginMissing(f"the package '{package}' is not installed here", hint=hint) from error
    records = [record for record in survey() if canonical(record.distribution) == canonical(package)]
    if not records:
        raise PluginMissing(f"the package '{package}' brings no plugin of hub", hint="See docs/plugins.md")
    for record in records:
        if record.state != "ok":
            raise PluginBroken(f"plugin '{record.name}' is {record.state}", hint="See: hub plugin list")
    gives: dict[str, list[str]] = {}
    for record in records:
        for kind, ids in record.gives.items():
            gives.setdefault(kind, []).extend(ids)
    metadata = found.metadata
    entry: Entry = {
        "package": found.name,
        "version": _specifier(found.version),
        "contract": CONTRACT,
        "gives": {kind: ids for kind, ids in gives.items() if ids},
        "formats": _formats(records),
        "summary": _first(metadata, "Summary"),
        "license": _first(metadata, "License-Expression", "License"),
        "homepage": f"https://pypi.org/project/{found.name}/",
        "owners": list(owners),
    }
    return {name: value for name, value in entry.items() if value not in ("", [], {})}


def _first(metadata: PackageMetadata, *names: str) -> str:
    values = (value for name in names for value in metadata.get_all(name) or ())
    return next((str(value) for value in values if value), "")


def _specifier(version: str) -> str:
    """Versions that the entry speaks for: this one and its later patches."""
    parsed = Version(version)
    following = f"{parsed.major + 1}" if parsed.major else f"0.{parsed.minor + 1}"
    return f">={parsed.public},<{following}"


def _formats(records: Sequence[PluginRecord]) -> list[str]:
    from hub.plugin.host import get_host

    names = {record.name for record in records}
    backends = get_host().backends.values()
    found = [format_ for given in backends if given.plugin in names for format_ in given.spec.formats]
    return list(dict.fromkeys(found))
