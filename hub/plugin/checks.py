"""Which functions of a plugin are hooks, and which only look like one: misspelt, unmarked, of a wrong signature.

pluggy takes a misspelt hook in silence and refuses a whole plugin for one wrong signature; here each is a fault of
its own. Calls nothing of the plugin.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import pluggy

from hub.plugin import hooks
from hub.plugin.discovery import Installed
from hub.plugin.loaded import Loaded
from hub.plugin.specs import BackendSpec, FormatSpec, KindSpec, ModelSpec, SourceSpec, TaskSpec, TransformSpec

__all__ = ["HOOKS", "check_hooks"]

HOOKS: dict[str, tuple[str, type]] = {
    "hub_tasks": ("tasks", TaskSpec),
    "hub_formats": ("formats", FormatSpec),
    "hub_backends": ("backends", BackendSpec),
    "hub_transforms": ("transforms", TransformSpec),
    "hub_models": ("models", ModelSpec),
    "hub_kinds": ("kinds", KindSpec),
    "hub_sources": ("sources", SourceSpec),
}
"""Hook to what it gives: the name of the table in the host, and the type of its specs."""


def check_hooks(loaded: Loaded, given: object) -> Iterator[str]:
    """Names of the functions that can be called as hooks; what only looks like one is recorded as a fault."""
    probe = pluggy.PluginManager(hooks.PROJECT)
    for name in dir(given):
        value = inspect.getattr_static(given, name, None)  # a name that a lazy module would import stays untouched
        function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        if not inspect.isroutine(function):
            _check_value(loaded, name, value)
            continue
        marked = probe.parse_hookimpl_opts(given, name)
        if marked is None:
            _check_unmarked(loaded, given, name, function)
        elif _is_sound(loaded, name, marked.get("specname") or name, getattr(given, name), dict(marked)):
            yield name


def _check_value(loaded: Loaded, name: str, value: object) -> None:
    """A list or a `partial` in the place of a hook would be dropped without a word."""
    if name in HOOKS or isinstance(getattr(value, f"{hooks.PROJECT}_impl", None), dict):
        reason = f"{name} is a {type(value).__name__}, and has to be a function"
        loaded.fault("hook-signature", reason, f"Write it with def, under @hookimpl, in {loaded.plugin.value}")


def _check_unmarked(loaded: Loaded, given: object, name: str, function: object) -> None:
    """A function that is named like a hook, but lacks the marker, would be dropped without a word."""
    if not name.startswith("hub_") or getattr(function, "__module__", "").split(".")[0] == "hub":
        return
    if name in HOOKS:
        loaded.fault(
            "unknown-hook",
            f"the function '{name}' is not marked, so it is not called",
            f"Write @hookimpl (from hub.plugin) above {name} in {loaded.plugin.value}",
        )
    elif getattr(function, "__module__", "") == getattr(given, "__name__", ""):
        loaded.fault("unknown-hook", f"there is no hook '{name}'{_near(name)}", _rename(loaded.plugin, name))


def _is_sound(loaded: Loaded, name: str, hook: str, function: object, marked: dict[str, Any]) -> bool:
    if hook not in HOOKS:
        if not marked.get("optionalhook"):
            loaded.fault("unknown-hook", f"there is no hook '{hook}'{_near(hook)}", _rename(loaded.plugin, hook))
        return False
    wrong = _signature_fault(function, marked)
    if wrong:
        expected = f"{hook}() -> list[{HOOKS[hook][1].__name__}]"
        loaded.fault("hook-signature", f"{name} {wrong}", f"Write it as {expected} in {loaded.plugin.value}")
    return not wrong


def _signature_fault(function: object, marked: dict[str, Any]) -> str:
    assert callable(function)
    if marked.get("wrapper") or marked.get("hookwrapper"):
        return "is a wrapper, and each hook is called on its own: there is nothing to wrap"
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "is async, and is called without an event loop"
    if inspect.isgeneratorfunction(function):
        return "yields, and has to return a list"
    needed = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    return f"takes ({', '.join(map(str, needed))}), and is called with nothing" if needed else ""


def _rename(plugin: Installed, name: str) -> str:
    return f"Rename {name} in {plugin.value}. Hooks: {', '.join(HOOKS)}"


def _near(name: str) -> str:
    near = get_close_matches(name, HOOKS, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
