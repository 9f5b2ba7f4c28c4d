"""How a plugin is shown by the commands of `hub plugin`: as JSON, in a cell, and with its faults on stderr."""

from __future__ import annotations

from hub.cli.output import note
from hub.plugin.records import PluginRecord
from hub.types import JSON

__all__ = ["gives", "record_json", "show_faults"]


def record_json(record: PluginRecord) -> dict[str, JSON]:
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


def show_faults(record: PluginRecord) -> None:
    """Say what is wrong with a plugin, and how to mend it."""
    for fault in record.faults:
        note(f"{'warning' if fault.warning else 'fault'} in '{record.name}' ({fault.kind}): {fault.reason}")
        note(f"  {fault.fix}")


def gives(record: PluginRecord) -> str:
    """What a plugin gives, in one cell of a table."""
    return "; ".join(f"{table} {', '.join(ids)}" for table, ids in record.gives.items())
