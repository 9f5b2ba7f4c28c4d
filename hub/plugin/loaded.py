"""What came of one plugin while it was loaded, how its faults are told, and the fixes that fit any plugin.

Loads nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.plugin.discovery import Installed
from hub.plugin.records import Fault

_HERE = str(Path(__file__).parent)

__all__ = ["Loaded", "describe", "disable", "update_or_disable"]


@dataclass(kw_only=True, slots=True)
class Loaded:
    """What came of one plugin."""

    plugin: Installed
    faults: list[Fault] = field(default_factory=list)
    specs: dict[str, list[Any]] = field(default_factory=dict)  # Any: each table has its own spec class
    seconds: float = 0.0
    heavy: tuple[str, ...] = ()

    def fault(self, kind: str, reason: str, fix: str, *, about: str = "") -> None:
        """Record a fault of this plugin."""
        name, version = self.plugin.name, self.plugin.version
        self.faults.append(Fault(plugin=name, version=version, kind=kind, reason=reason, fix=fix, about=about))


def describe(error: BaseException) -> str:
    """An exception in one line: its type, what it says, and the last place in the plugin's code."""
    text = " ".join(str(error).split())
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    where = ""
    step = error.__traceback__
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if not name.startswith(("<", _HERE)) and "importlib" not in name:
            where = f" ({name}, line {step.tb_lineno})"
        step = step.tb_next
    return said if isinstance(error, SyntaxError) else said + where


def update_or_disable(plugin: Installed) -> str:
    """The fix where only the plugin's authors can mend it."""
    return f"Update it: hub plugin install --upgrade {plugin.distribution}, or switch it off: {disable(plugin)}"


def disable(plugin: Installed) -> str:
    """The command that switches the plugin off."""
    return f"hub plugin disable {plugin.name}"
