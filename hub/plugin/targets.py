"""Turns a spec's `"module:attribute"` into the object, and says what is missing where it cannot.

Imports and nothing more: whoever opens a backend sets its environment first.
"""

from __future__ import annotations

import importlib
from difflib import get_close_matches

from hub.plugin.loaded import describe
from hub.plugin.records import Fault, Provided
from hub.plugin.requirements import pip_command, unmet

__all__ = ["TargetFault", "import_target"]


class TargetFault(Exception):
    """Why a target cannot be had; carries the `Fault`."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def import_target(provided: Provided[object], target: str) -> object:
    """Import the module and fetch the attribute.

    Raises
    ------
    TargetFault
        A module or the attribute is missing, or the import fails.
    """
    module, _, path = target.partition(":")
    try:
        found: object = importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a runtime's import may raise anything, and may leave the process
        raise TargetFault(_import_fault(provided, target, error)) from error
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            raise TargetFault(_attribute_fault(provided, target, found, name)) from error
    return found


def _import_fault(provided: Provided[object], target: str, error: BaseException) -> Fault:
    module = target.partition(":")[0]
    missing = unmet(provided.distribution)
    if isinstance(error, ModuleNotFoundError) and error.name:
        if module == error.name or module.startswith(f"{error.name}."):
            return _fault(provided, "bad-target", f"its target '{target}' names a module that does not exist")
        reason = f"it needs the module '{error.name}', which is not installed"
        fix = pip_command(*(missing or [error.name.partition(".")[0]]))
        return _fault(provided, "missing-dependency", reason, fix)
    reason = f"the import of its target '{target}' failed: {describe(error)}"
    if isinstance(error, ImportError) and missing:
        return _fault(provided, "missing-dependency", reason, pip_command(*missing))
    return _fault(provided, "exit-at-import" if isinstance(error, SystemExit) else "import-error", reason)


def _attribute_fault(provided: Provided[object], target: str, holder: object, name: str) -> Fault:
    near = get_close_matches(name, dir(holder), n=1)
    guess = f"; did you mean '{near[0]}'?" if near else ""
    return _fault(provided, "bad-target", f"its target '{target}' has no attribute '{name}'{guess}")


def _fault(provided: Provided[object], kind: str, reason: str, fix: str = "") -> Fault:
    fix = fix or f"Update it: hub plugin install --upgrade {provided.distribution}"
    return Fault(plugin=provided.plugin, version=provided.version, kind=kind, reason=reason, fix=fix)
