"""Finds the plugins that are installed, by their metadata alone: nothing of them is imported.

So a plugin that crashes, hangs or leaves the process when it is imported can still be named, switched off and removed.
Knows nothing of what a plugin gives.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distribution, distributions

from hub import config
from hub.plugin.contracts import GROUP, contract_of

__all__ = ["Installed", "canonical", "entries_of", "how_to_enable", "installed", "is_disabled", "matches", "package_of"]

_UNKNOWN = "unknown"
_OURS = re.compile(r"hub[._-]plugins?([._-].*)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """An entry point of one of our groups, of any version of the contract.

    `unreadable` is why its distribution's entry points cannot be read; the name is then that of the distribution.
    """

    name: str
    value: str
    group: str
    distribution: str
    version: str
    unreadable: str = ""

    @property
    def served(self) -> bool:
        """Whether it is made for a contract that this host serves."""
        return contract_of(self.group) is not None


def installed() -> list[Installed]:
    """All plugins of this environment, sorted by name.

    A distribution that also serves another version of the contract under the same name is listed once, with the newest
    that this host serves.
    """
    found: dict[tuple[str, str, str], Installed] = {}
    seen: set[str] = set()
    for package in distributions():
        entries = list(entries_of(package))
        if not entries or canonical(entries[0].distribution) in seen:
            continue  # an older copy, further down sys.path
        if entries[0].distribution != _UNKNOWN:
            seen.add(canonical(entries[0].distribution))
        for entry in entries:
            found[entry.name, entry.distribution, f"{entry.group} {entry.value}"] = entry
    served: dict[tuple[str, str], int] = {}
    for entry in found.values():
        key = entry.name, entry.distribution
        served[key] = max(served.get(key, 0), _served(entry))
    listed = [e for e in found.values() if _served(e) == served[e.name, e.distribution]]
    return sorted(listed, key=lambda entry: (entry.name, entry.distribution, entry.group))


def matches(entry: Installed, name: str) -> bool:
    """Whether a person who writes `name` means this plugin: its own name, or that of its distribution."""
    return name == entry.name or canonical(name) == canonical(entry.distribution)


def is_disabled(entry: Installed) -> bool:
    """Whether `disabled_plugins` names it; `*` names all."""
    names = config.get("disabled_plugins")
    assert isinstance(names, list)
    return any(name == "*" or matches(entry, name) for name in names)


def how_to_enable(name: str) -> str:
    """The step that switches a plugin on again, from wherever it is switched off."""
    variable = config.SETTINGS["disabled_plugins"].env
    if variable in os.environ:
        return f"Take '{name}' out of the environment variable {variable}"
    return f"Switch it on: hub plugin enable {name}"


def canonical(name: str) -> str:
    """Name of a distribution as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def package_of(name: str) -> str | None:
    """Name of an installed package that adds anything to `hub`: plugins, commands or registries; else `None`."""
    try:
        found = distribution(name)
        groups = {point.group for point in found.entry_points}
    except Exception:  # not installed, or metadata that cannot be read: not ours either way
        return None
    return _identity(found)[0] if any(group.startswith("hub.") for group in groups) else None


def entries_of(package: Distribution) -> Iterator[Installed]:
    """Plugins of one distribution, of any version of the contract."""
    try:
        text = package.read_text("entry_points.txt") or ""
        if "hub" not in text.lower():
            return
        points = [point for point in package.entry_points if _OURS.fullmatch(point.group)]
    except Exception as error:  # whatever another package's metadata holds, the others are still found
        yield _unreadable(package, error)
        return
    for point in points:
        yield _entry(package, point)


def _served(entry: Installed) -> int:
    """Number of the contract that it is served by; 0 for none."""
    contract = contract_of(entry.group)
    return 0 if contract is None else contract.number


def _entry(package: Distribution, point: EntryPoint) -> Installed:
    name, version = _identity(package)
    return Installed(name=point.name, value=point.value, group=point.group, distribution=name, version=version)


def _unreadable(package: Distribution, error: Exception) -> Installed:
    name, version = _identity(package)
    reason = f"its entry_points.txt cannot be read: {error}"
    return Installed(name=name, value="", group=GROUP, distribution=name, version=version, unreadable=reason)


def _identity(package: Distribution) -> tuple[str, str]:
    try:
        metadata = package.metadata
        return metadata["Name"] or _UNKNOWN, metadata["Version"] or _UNKNOWN
    except Exception:  # no METADATA, or one that is no text
        return _UNKNOWN, _UNKNOWN
