"""What the host knows of a plugin: who it is, what it gives, and every fault, each with its fix.

Values only: nothing here loads, calls or prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar

__all__ = ["WARNINGS", "Fault", "PluginRecord", "Provided"]

S = TypeVar("S")

WARNINGS = frozenset({"slow-import", "heavy-import", "old-contract"})
"""Kinds of faults that break nothing today."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that is wrong with a plugin.

    Parameters
    ----------
    kind
        `import-error`, `exit-at-import`, `unknown-hook`, `hook-signature`, `hook-raised`, `bad-spec`, `clash`,
        `contract-version`, `missing-dependency`, `bad-target`; or, as a warning, `slow-import`, `heavy-import`,
        `old-contract`.
    reason
        What is wrong and where.
    fix
        The exact next command or step.
    about
        The spec that is not given because of it, as `backends/onnx`; empty where it is not about one.
    """

    plugin: str
    version: str
    kind: str
    reason: str
    fix: str
    about: str = ""

    @property
    def warning(self) -> bool:
        """Whether the plugin works all the same."""
        return self.kind in WARNINGS


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginRecord:
    """A plugin that is installed, whatever its state.

    Parameters
    ----------
    name
        Name of the entry point.
    module
        What the entry point names: `module` or `module:object`.
    state
        `ok`; `broken`: at least one fault that is no warning, what is sound in it is still given; `disabled`: switched
        off, not imported; `incompatible`: made for another version of the contract, not imported.
    gives
        `tasks`, `formats`, `backends`, `transforms`, `models`, `kinds`, `sources` to the ids that it adds.
    import_seconds
        Time that the import of its module took.
    heavy
        Frameworks that its module imported.
    """

    name: str
    distribution: str
    version: str
    module: str
    state: str
    faults: tuple[Fault, ...] = ()
    gives: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    import_seconds: float = 0.0
    heavy: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Provided(Generic[S]):
    """A spec and who gave it."""

    spec: S
    plugin: str
    distribution: str
    version: str
