"""What the package of every plugin must do, as tests: a light import, sound specs, honest versions and dependencies.

Knows nothing of what a plugin gives.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import Distribution, distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import pytest
from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from hub import __version__
from hub.errors import PluginError
from hub.plugin.discovery import Installed, canonical, how_to_enable, installed
from hub.plugin.hooks import GROUP
from hub.plugin.host import PluginRecord, get_host
from hub.plugin.loading import SLOW_SECONDS
from hub.plugin.requirements import unmet
from hub.testing.importing import heavy_imports, import_seconds

__all__ = ["PackageContract"]

_CONTRACT = ("hub.plugin", "hub.types", "hub.errors", "hub.runtime.protocols", "hub.testing")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_CORE = "openmodelhub"


class PackageContract:
    """Subclass it as `Test…`, and set `plugin`: its name."""

    plugin: ClassVar[str] = ""

    @pytest.fixture(scope="class")
    @classmethod
    def record(cls) -> PluginRecord:
        """What the host knows of the plugin."""
        return next(each for each in get_host().plugins if each.name == cls.plugin)

    @pytest.fixture(scope="class")
    @classmethod
    def entry(cls) -> Installed:
        """Its entry point."""
        return next(each for each in installed() if each.name == cls.plugin)

    @pytest.fixture(scope="class")
    @classmethod
    def package(cls, record: PluginRecord) -> Distribution:
        """Its distribution."""
        return distribution(record.distribution)

    def test_the_entry_point_imports_nothing_heavy(self, record: PluginRecord) -> None:
        """Every command waits for it: no framework, no numpy."""
        assert heavy_imports(record.module) == []

    def test_the_entry_point_is_imported_in_no_time(self, record: PluginRecord) -> None:
        """In processor time, the least of three where the first was slow."""
        seconds = import_seconds(record.module, SLOW_SECONDS)
        assert seconds <= SLOW_SECONDS, f"it takes {seconds:.2f} s, and {SLOW_SECONDS} s are allowed"

    def test_the_host_finds_no_fault_in_it(self, record: PluginRecord) -> None:
        """Specs are valid, hooks are known, nothing clashes; and it gives something. Warnings have their own checks."""
        assert record.state != "disabled", how_to_enable(record.name)
        faults = [fault for fault in record.faults if not fault.warning]
        assert [f"{fault.kind}: {fault.reason}. {fault.fix}" for fault in faults] == []
        assert record.gives, "it gives nothing"

    def test_it_is_made_for_the_contract_of_today(self, entry: Installed) -> None:
        """An older one is served for a while alone."""
        assert entry.group == GROUP

    def test_every_target_of_its_specs_can_be_imported(self, record: PluginRecord, package: Distribution) -> None:
        """A name that is misspelt would show on first use only. What an extra brings that is not here is left out."""
        host, optional = get_host(), _optional(package)
        for table, ids in record.gives.items():
            for name in ids:
                provided = getattr(host, table)[name]
                for variable, value in getattr(provided.spec, "env", {}).items():  # as the core does before it imports
                    os.environ.setdefault(variable, value)
                for target in sorted(set(_targets(provided.spec))):
                    try:
                        found = host.resolve(provided, target)
                    except PluginError as error:
                        if _lacks(error) in optional:
                            continue
                        raise
                    assert callable(found), f"{table}/{name}: {target} cannot be called"

    def test_its_version_is_the_same_everywhere(self, record: PluginRecord, package: Distribution) -> None:
        """One that can be compared, and that of `__version__` where the module says it."""
        try:
            Version(package.version)
        except InvalidVersion:
            pytest.fail(
                f"'{package.version}' is no version: https://packaging.python.org/specifications/version-specifiers"
            )
        module = sys.modules.get(record.module.partition(":")[0].partition(".")[0])
        said = getattr(module, "__version__", package.version)
        assert said == package.version, f"the module says {said}, and the package {package.version}"

    def test_it_says_which_versions_of_the_core_it_is_for(self, package: Distribution) -> None:
        """Among them this one, and not every one to come."""
        core = next((each for each in _requirements(package) if canonical(each.name) == _CORE), None)
        assert core is not None, f"it does not depend on {_CORE}"
        assert core.specifier.contains(__version__, prereleases=True), f"{core} leaves out {__version__}"
        bounded = any(each.operator in {"<", "<=", "==", "~="} for each in core.specifier)
        assert bounded, f"{core} takes every version to come"

    def test_what_it_depends_on_is_installed(self, package: Distribution) -> None:
        """In versions that it takes."""
        assert unmet(package.metadata["Name"]) == []

    def test_it_declares_what_it_imports(self, record: PluginRecord, package: Distribution) -> None:
        """Else it works where its author has it, and nowhere else."""
        declared = {canonical(each.name) for each in _requirements(package)} | {canonical(package.metadata["Name"])}
        missing = {}
        for path, module in _imports(record):
            top = module.partition(".")[0]
            names = {canonical(name) for name in _owners().get(top, ())}
            known = top in sys.stdlib_module_names or top in _frameworks(record)
            if not known and names and not names & (declared | {_CORE}):
                missing[top] = path.name
        assert missing == {}

    def test_it_uses_the_contract_alone(self, record: PluginRecord) -> None:
        """All else of the core is private and changes without notice."""
        private = {}
        for path, module in _imports(record):
            own = module.partition(".")[0] == record.module.partition(".")[0]
            if not own and module.partition(".")[0] == "hub" and not _is_public(module):
                private[module] = path.name
        assert private == {}

    def test_it_says_what_it_is(self, package: Distribution) -> None:
        """A summary, a licence and the versions of Python: people decide by them."""
        metadata = package.metadata.json
        licence = metadata.get("license_expression") or metadata.get("license")
        said = {"summary": metadata.get("summary"), "licence": licence, "python": metadata.get("requires_python")}
        assert [name for name, value in said.items() if not value] == []


def _targets(spec: object) -> Iterator[str]:
    """Every `module:attribute` in a spec, those of its load steps too; architectures of frameworks that are here."""
    if isinstance(spec, str):
        if _TARGET.fullmatch(spec):
            yield spec
    elif is_dataclass(spec):
        for each in fields(spec):
            if each.name in {"help", "summary", "default", "sources", "data"}:
                continue
            value = getattr(spec, each.name)
            if each.name == "architectures":
                value = {framework: target for framework, target in value.items() if find_spec(framework)}
            yield from _targets(value)
    elif isinstance(spec, tuple):
        for value in spec:
            yield from _targets(value)
    elif isinstance(spec, Mapping):
        for value in spec.values():
            yield from _targets(value)


def _requirements(package: Distribution) -> list[Requirement]:
    return [Requirement(text) for text in package.requires or []]


def _optional(package: Distribution) -> set[str]:
    """Packages that only an extra of it brings."""
    return {canonical(each.name) for each in _requirements(package) if "extra" in str(each.marker or "")}


def _lacks(error: BaseException) -> str:
    """The package of the module that was not found, as far as both have one name; else nothing."""
    cause = error.__cause__
    while cause is not None and not isinstance(cause, ModuleNotFoundError):
        cause = cause.__cause__
    return canonical((cause.name or "").partition(".")[0]) if cause is not None else ""


def _frameworks(record: PluginRecord) -> set[str]:
    """Frameworks that it brings architectures for: those are built only where a backend has the framework."""
    models = get_host().models
    return {name for each in record.gives.get("models", ()) for name in models[each].spec.architectures}


@cache
def _owners() -> Mapping[str, list[str]]:
    return packages_distributions()


def _is_public(module: str) -> bool:
    return module == "hub" or any(module == each or module.startswith(f"{each}.") for each in _CONTRACT)


def _imports(record: PluginRecord) -> Iterator[tuple[Path, str]]:
    """What every file of the plugin's package imports; what stands below `if TYPE_CHECKING` counts as well."""
    for path in _files(record.module.partition(":")[0].partition(".")[0]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield path, node.module


def _files(top: str) -> list[Path]:
    found = find_spec(top)
    if found is None or found.origin is None:
        return []
    if not found.submodule_search_locations:
        return [Path(found.origin)]
    return sorted(path for place in found.submodule_search_locations for path in Path(place).rglob("*.py"))
