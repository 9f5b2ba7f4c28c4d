"""How a plugin is shown by the commands of `hub plugin`: as JSON, in a cell, and with its faults on stderr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from hub.cli.output import note
from hub.plugin.records import PluginRecord

__all__ = ["FaultJSON", "PluginJSON", "as_json", "gives", "show_faults"]


class FaultJSON(TypedDict):
    """A fault in the output of `--json`."""

    kind: str
    reason: str
    fix: str
    warning: bool


class PluginJSON(TypedDict):
    """A plugin in the output of `--json`."""

    name: str
    package: str
    version: str
    module: str
    state: str
    gives: Mapping[str, Sequence[str]]
    faults: Sequence[FaultJSON]
    import_seconds: float
    heavy: Sequence[str]


def as_json(record: PluginRecord) -> PluginJSON:
    """A plugin as JSON."""
    return {
        "name": record.name,
        "package": record.distribution,
        "version": record.version,
        "module": record.module,
        "state": record.state,
        "gives": {table: list(ids) for table, ids in record.gives.items()},
        "faults": [
            {"kind": fault.kind, "reason": fault.reason, "fix": fault.fix, "warning": fault.warning}
            for fault in record.faults
        ],
        "import_seconds": round(record.import_seconds, 4),
        "heavy": list(record.heavy),
    }


def show_faults(plugin: PluginJSON) -> None:
    """Say what is wrong with a plugin, and how to mend it."""
    for fault in plugin["faults"]:
        kind = "warning" if fault["warning"] else "fault"
        note(f"{kind} in '{plugin['name']}' ({fault['kind']}): {fault['reason']}")
        note(f"  {fault['fix']}")


def gives(plugin: PluginJSON) -> str:
    """What a plugin gives, in one cell of a table."""
    return "; ".join(f"{table} {', '.join(ids)}" for table, ids in plugin["gives"].items())
