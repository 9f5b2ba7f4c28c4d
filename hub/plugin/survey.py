"""All plugins with everything that can be told of them: what the host found, and dependencies that are not installed.

For commands that show plugins; a plan does not wait for it. Imports no target.
"""

from __future__ import annotations

from dataclasses import replace

from hub.plugin.host import BUILTIN, get_host
from hub.plugin.records import Fault, PluginRecord
from hub.plugin.requirements import pip_command, unmet

__all__ = ["survey"]


def survey() -> tuple[PluginRecord, ...]:
    """Records of the host; a plugin whose declared dependencies are not met is `broken` here."""
    return tuple(_with_dependencies(record) for record in get_host().plugins)


def _with_dependencies(record: PluginRecord) -> PluginRecord:
    missing = [] if record.name == BUILTIN.name or record.state == "disabled" else unmet(record.distribution)
    if not missing:
        return record
    fault = Fault(
        plugin=record.name,
        version=record.version,
        kind="missing-dependency",
        reason=f"it needs {', '.join(missing)}",
        fix=pip_command(*missing),
    )
    state = "broken" if record.state == "ok" else record.state
    return replace(record, state=state, faults=(*record.faults, fault))
