"""The plugin host: every plugin of this environment, what they give, and what is wrong with them.

Each plugin is loaded on its own and fails on its own. An id that two plugins give is given by neither; an id of the
core stays the core's. Knows nothing of plans, models or terminals.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, cast

from hub import __version__
from hub.errors import PluginBroken
from hub.plugin import builtin
from hub.plugin.checks import HOOKS
from hub.plugin.contracts import CONTRACT, GROUP, SERVED, contract_of, group_of
from hub.plugin.discovery import Installed, installed, is_disabled
from hub.plugin.loaded import Loaded, update_or_disable
from hub.plugin.loading import collect, load
from hub.plugin.records import Fault, PluginRecord, Provided
from hub.plugin.specs import BackendSpec, FormatSpec, KindSpec, ModelSpec, SourceSpec, TaskSpec, TransformSpec
from hub.plugin.targets import TargetFault, import_target

__all__ = ["BUILTIN", "Fault", "Host", "PluginRecord", "Provided", "get_host"]

BUILTIN = Installed(
    name="hub", value="hub.plugin.builtin", group=GROUP, distribution="openmodelhub", version=__version__
)

Tables = dict[str, dict[str, Provided[Any]]]  # Any: each table has its own spec class


class Host:
    """What is installed.

    Attributes
    ----------
    plugins
        All plugins by name, the core's own part (`hub`) first, whatever their state.
    faults
        All faults of all plugins, those of targets that `resolve` could not have included.
    tasks, formats, backends, transforms, models, kinds, sources
        Specs by id with who gave them, the core's first.
    """

    def __init__(self, plugins: Iterable[PluginRecord], tables: Tables) -> None:
        self.plugins = tuple(plugins)
        self.tasks = cast("Mapping[str, Provided[TaskSpec]]", MappingProxyType(tables["tasks"]))
        self.formats = cast("Mapping[str, Provided[FormatSpec]]", MappingProxyType(tables["formats"]))
        self.backends = cast("Mapping[str, Provided[BackendSpec]]", MappingProxyType(tables["backends"]))
        self.transforms = cast("Mapping[str, Provided[TransformSpec]]", MappingProxyType(tables["transforms"]))
        self.models = cast("Mapping[str, Provided[ModelSpec]]", MappingProxyType(tables["models"]))
        self.kinds = cast("Mapping[str, Provided[KindSpec]]", MappingProxyType(tables["kinds"]))
        self.sources = cast("Mapping[str, Provided[SourceSpec]]", MappingProxyType(tables["sources"]))
        self._target_faults: dict[Fault, None] = {}

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Faults of all plugins, then those found since by `resolve`."""
        return (*(fault for plugin in self.plugins for fault in plugin.faults), *self._target_faults)

    def resolve(self, provided: Provided[Any], target: str) -> Any:  # Any: whatever the plugin's attribute is
        """Import `"module:attribute"` of a spec, now.

        Only imports: what has to be in the environment before (`BackendSpec.env`) is set by the caller.

        Raises
        ------
        PluginBroken
            A dependency, the module or the attribute is missing, or the import failed.
        """
        try:
            return import_target(provided, target)
        except TargetFault as error:
            fault = error.fault
            self._target_faults[fault] = None
            raise PluginBroken(
                f"plugin '{provided.plugin}' ({provided.distribution} {provided.version}) is broken: {fault.reason}",
                hint=fault.fix,
            ) from error


class _Process:
    """The one host of this process."""

    lock = threading.RLock()
    host: Host | None = None
    loading = False


def get_host() -> Host:
    """The host of this process; plugins are loaded on the first call."""
    with _Process.lock:
        if _Process.host is None:
            if _Process.loading:
                raise RuntimeError("a plugin asks for the host while it is being loaded")
            _Process.loading = True
            try:
                _Process.host = load_host()
            finally:
                _Process.loading = False
        return _Process.host


def load_host() -> Host:
    """Load every plugin anew. For the process's own host, call `get_host`."""
    core = Loaded(plugin=BUILTIN)
    collect(core, builtin)
    entries = installed()
    disabled = [entry for entry in entries if is_disabled(entry)]
    shared = _shared_names(entry for entry in entries if entry not in disabled and entry.served)
    loaded: list[Loaded] = [core]
    states: dict[int, str] = {}
    for entry in entries:
        each = Loaded(plugin=entry)
        if entry in disabled:
            states[id(each)] = "disabled"
        elif not entry.served:
            states[id(each)] = "incompatible"
            each.fault(*_contract_fault(entry))
        elif entry.name in shared:
            each.fault(*_name_fault(entry, shared[entry.name]))
        else:
            each = load(entry)
            _warn_of_old_contract(each)
        loaded.append(each)
    tables = _tables(loaded)
    return Host((_record(each, tables, states.get(id(each), "")) for each in loaded), tables)


def _record(loaded: Loaded, tables: Tables, state: str) -> PluginRecord:
    plugin = loaded.plugin
    broken = any(not fault.warning for fault in loaded.faults)
    gives = {
        name: tuple(key for key, provided in table.items() if provided.plugin == plugin.name)
        for name, table in tables.items()
        if name in loaded.specs
    }
    return PluginRecord(
        name=plugin.name,
        distribution=plugin.distribution,
        version=plugin.version,
        module=plugin.value,
        state=state or ("broken" if broken else "ok"),
        faults=tuple(loaded.faults),
        gives=MappingProxyType({name: ids for name, ids in gives.items() if ids}),
        import_seconds=loaded.seconds,
        heavy=loaded.heavy,
    )


def _tables(loaded: list[Loaded]) -> Tables:
    """Specs by id; ids that more than one plugin gives are faults of each, and given by none but the core."""
    tables: Tables = {table: {} for table, _ in HOOKS.values()}
    for table, specs in tables.items():
        givers: dict[str, list[tuple[Loaded, Any]]] = defaultdict(list)
        for each in loaded:
            for spec in each.specs.get(table, ()):
                givers[spec.id].append((each, spec))
        for key, given in givers.items():
            owner, spec = given[0]
            if len(given) > 1:
                _clash(table, key, [each for each, _ in given])
            if len(given) == 1 or owner.plugin == BUILTIN:
                specs[key] = Provided(
                    spec=spec,
                    plugin=owner.plugin.name,
                    distribution=owner.plugin.distribution,
                    version=owner.plugin.version,
                )
    return tables


def _clash(table: str, key: str, given: list[Loaded]) -> None:
    what, about = f"{table.removesuffix('s')} '{key}'", f"{table}/{key}"
    for each in {id(loaded): loaded for loaded in given if loaded.plugin != BUILTIN}.values():
        others = {id(loaded): loaded.plugin for loaded in given if loaded is not each}
        if not others:
            reason = f"it gives {what} more than once, so it gives none"
            each.fault("clash", reason, update_or_disable(each.plugin), about=about)
        elif BUILTIN in others.values():
            reason = f"it gives {what}, which the core brings itself; the core's is used"
            each.fault("clash", reason, update_or_disable(each.plugin), about=about)
        else:
            names = " and ".join(f"'{o.name}' ({o.distribution} {o.version})" for o in others.values())
            commands = " or ".join(f"hub plugin disable {loaded.name}" for loaded in (each.plugin, *others.values()))
            reason = f"it gives {what}, and so does plugin {names}; neither is used"
            each.fault("clash", reason, f"Keep one: {commands}", about=about)


def _shared_names(entries: Iterable[Installed]) -> dict[str, list[Installed]]:
    names: dict[str, list[Installed]] = defaultdict(list)
    names[BUILTIN.name].append(BUILTIN)
    for entry in entries:
        names[entry.name].append(entry)
    return {name: given for name, given in names.items() if len(given) > 1}


def _name_fault(entry: Installed, given: list[Installed]) -> tuple[str, str, str]:
    others = [other for other in given if other is not entry]
    names = " and ".join(f"{other.distribution} {other.version}" for other in others)
    reason = f"the name '{entry.name}' is also that of a plugin in {names}; neither is loaded"
    if BUILTIN in others:
        reason = f"the name '{entry.name}' is the core's own"
    commands = " or ".join(f"hub plugin uninstall {e.distribution}" for e in given if e != BUILTIN)
    return "clash", reason, f"Remove one: {commands}"


def _warn_of_old_contract(loaded: Loaded) -> None:
    contract = contract_of(loaded.plugin.group)
    if contract is not None and contract.number < CONTRACT:
        reason = (
            f"it is made for contract {contract.number}, which is served until {contract.until}; "
            f"contract {contract.number + 1}: {contract.change}"
        )
        loaded.fault("old-contract", reason, update_or_disable(loaded.plugin))


def _contract_fault(entry: Installed) -> tuple[str, str, str]:
    served = " and ".join(f"{each.number} ('{group_of(each.number)}')" for each in SERVED)
    contracts = "contract" if len(SERVED) == 1 else "contracts"
    reason = f"it is made for '{entry.group}', and openmodelhub {__version__} serves {contracts} {served}"
    number = entry.group.rpartition(".v")[2]
    if number.isdecimal() and int(number) > CONTRACT:
        return "contract-version", reason, "Update the core: hub plugin install --upgrade openmodelhub"
    return "contract-version", reason, update_or_disable(entry)
