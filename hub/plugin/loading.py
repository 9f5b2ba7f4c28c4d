"""Loads one plugin: imports its entry point, checks its hooks, calls each on its own, checks what comes back.

Whatever goes wrong becomes a `Fault`; only `KeyboardInterrupt` passes. Knows nothing of the other plugins.
"""

from __future__ import annotations

import contextlib
import sys
import time
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pluggy

from hub.plugin import hooks
from hub.plugin.checks import HOOKS, check_hooks
from hub.plugin.contracts import contract_of
from hub.plugin.discovery import Installed
from hub.plugin.loaded import Loaded, describe, disable, update_or_disable
from hub.plugin.requirements import pip_command, unmet
from hub.plugin.validate import validate

__all__ = ["HEAVY", "SLOW_SECONDS", "collect", "load"]

SLOW_SECONDS = 0.2
_FRAMEWORKS = (
    "accelerate ctranslate2 cv2 diffusers jax keras librosa llama_cpp mxnet numba numpy onnx onnxruntime openvino "
    "openvino_genai paddle pandas PIL scipy sentence_transformers sklearn spacy tensorflow tensorrt tokenizers torch "
    "torchaudio torchvision transformers vllm xllamacpp"
)
HEAVY = frozenset(_FRAMEWORKS.split())


def load(plugin: Installed) -> Loaded:
    """Import the plugin's entry point and collect what its hooks give."""
    loaded = Loaded(plugin=plugin)
    if plugin.unreadable:
        loaded.fault("import-error", plugin.unreadable, update_or_disable(plugin))
        return loaded
    with contextlib.redirect_stdout(sys.stderr):  # stdout is for results
        given = _import(loaded)
        if given is not None:
            try:
                collect(loaded, given)
            except Exception as error:  # an entry point that cannot even be looked at
                loaded.fault("import-error", f"its hooks cannot be read: {describe(error)}", update_or_disable(plugin))
    return loaded


def collect(loaded: Loaded, given: object) -> None:
    """Check and call the hooks of an imported plugin."""
    manager = _Manager(set(check_hooks(loaded, given)))
    manager.add_hookspecs(hooks)
    manager.register(given, name=loaded.plugin.name)
    for hook, (table, expected) in HOOKS.items():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            for spec in _call(loaded, hook, implementation.function):
                _keep(loaded, hook, table, expected, spec)


class _Manager(pluggy.PluginManager):
    """Manager of one plugin, so that a fault in it reaches no other. It sees its sound hooks alone."""

    def __init__(self, sound: set[str]) -> None:
        super().__init__(hooks.PROJECT)
        self._sound = sound

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:  # Any: pluggy's own signature
        return super().parse_hookimpl_opts(plugin, name) if name in self._sound else None


def _import(loaded: Loaded) -> object | None:
    plugin = loaded.plugin
    before = set(sys.modules)
    started = time.perf_counter()
    try:
        given: object = EntryPoint(plugin.name, plugin.value, plugin.group).load()
    except KeyboardInterrupt:
        raise
    except SystemExit as error:
        reason = f"it leaves the process while it is imported: {describe(error)}"
        fix = f"Switch it off: {disable(plugin)}, or remove it: hub plugin uninstall {plugin.name}"
        loaded.fault("exit-at-import", reason, fix)
        return None
    except BaseException as error:  # whatever a plugin raises, the others go on
        loaded.fault("import-error", f"it cannot be imported: {describe(error)}", _import_fix(plugin, error))
        return None
    finally:
        loaded.seconds = time.perf_counter() - started
        loaded.heavy = _heavy(set(sys.modules) - before)
    _warn(loaded)
    if given is None:
        loaded.fault("import-error", f"its entry point '{plugin.value}' is None", update_or_disable(plugin))
    return given


def _heavy(new: set[str]) -> tuple[str, ...]:
    """Frameworks that the new modules are, or hold because an earlier import had them loaded already."""
    found = {name.partition(".")[0] for name in new}
    for name in new:
        if name.partition(".")[0] not in HEAVY:
            held = vars(sys.modules[name]).values() if name in sys.modules else ()
            found.update(value.__name__.partition(".")[0] for value in held if isinstance(value, ModuleType))
    return tuple(sorted(found & HEAVY))


def _warn(loaded: Loaded) -> None:
    fix = f"Tell the authors of {loaded.plugin.distribution}: import it in the module of the target instead"
    if loaded.seconds > SLOW_SECONDS:
        reason = f"its import takes {loaded.seconds:.2f} s; every command that plans or runs waits for it"
        loaded.fault("slow-import", reason, fix)
    if loaded.heavy:
        loaded.fault("heavy-import", f"its import loads {', '.join(loaded.heavy)}", fix)


def _call(loaded: Loaded, hook: str, function: Any) -> list[object]:  # Any: pluggy does not type it
    try:
        result = function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a hook raises, the others go on
        loaded.fault("hook-raised", f"{hook} raised {describe(error)}", update_or_disable(loaded.plugin))
        return []
    if isinstance(result, list | tuple):
        return list(result)
    reason = f"{hook} returns {type(result).__name__}, not a list of {HOOKS[hook][1].__name__}"
    loaded.fault("bad-spec", reason, f"Return a list from {hook} in {loaded.plugin.value}")
    return []


def _keep(loaded: Loaded, hook: str, table: str, expected: type, spec: object) -> None:
    contract = contract_of(loaded.plugin.group)
    try:
        if contract is not None:
            spec = contract.adapt(spec)
        wrong = validate(spec, expected)
    except Exception as error:  # a value whose own methods raise
        wrong = [f"cannot be checked: {describe(error)}"]
    if not wrong:
        loaded.specs.setdefault(table, []).append(spec)
        return
    reason = f"{hook} gives {_spec_name(spec, expected)}: {'; '.join(wrong)}"
    fix = f"Correct it in {loaded.plugin.value}, or: {disable(loaded.plugin)}"
    loaded.fault("bad-spec", reason, fix, about=f"{table}/{getattr(spec, 'id', '')}")


def _spec_name(spec: object, expected: type) -> str:
    """A spec as messages name it: `BackendSpec 'onnx'`."""
    name = getattr(spec, "id", None)
    return f"{expected.__name__} {name!r}" if isinstance(name, str) else f"a {expected.__name__}"


def _import_fix(plugin: Installed, error: BaseException) -> str:
    missing = unmet(plugin.distribution) if isinstance(error, ImportError) else []
    return pip_command(*missing) if missing else update_or_disable(plugin)
