"""Every contract that concerns a plugin, as the tests of one class: what it gives, tried on the fixtures that it has.

Knows nothing of how the contracts look at a part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from hub.errors import UsageError
from hub.plugin.discovery import canonical
from hub.plugin.fixtures import Fixture
from hub.plugin.host import Host, PluginRecord, get_host
from hub.testing.backend import BackendContract
from hub.testing.fixtures import fixtures_of
from hub.testing.format import FormatContract
from hub.testing.kind import KindContract
from hub.testing.model import ModelContract
from hub.testing.offline import Offline
from hub.testing.package import PackageContract
from hub.testing.source import SourceContract
from hub.testing.task import TaskContract
from hub.testing.transform import CompressionContract, ConverterContract

__all__ = ["PluginContract", "Untried", "contracts_of"]

_CONTRACTS: dict[str, type] = {
    "formats": FormatContract,
    "backends": BackendContract,
    "models": ModelContract,
    "sources": SourceContract,
    "tasks": TaskContract,
    "kinds": KindContract,
}


class PluginContract:
    """Subclass it as `class TestVec(PluginContract, plugin="vec")`, with nothing but `pass` in it.

    Its tests are those of the contracts of all that the plugin gives, one inner class for each part and fixture.

    Attributes
    ----------
    plugin
        Name of the plugin; it is installed.
    """

    plugin: ClassVar[str] = ""

    def __init_subclass__(cls, *, plugin: str = "", on: str = "", **more: Any) -> None:  # Any: for other bases
        super().__init_subclass__(**more)
        cls.plugin = plugin or cls.plugin
        for contract in contracts_of(cls.plugin, on=on):
            setattr(cls, contract.__name__, contract)


class Untried:
    """Stands where a part has no fixture."""

    part: ClassVar[str] = ""

    def test_it_is_tried(self) -> None:
        """Its package brings nothing that it could be tried on."""
        pytest.skip("no fixture: its package brings nothing that it could be tried on")


def contracts_of(plugin: str, *, on: str = "") -> Iterator[type]:
    """The contracts of a plugin, as classes that pytest runs; each has an attribute `part`.

    Parameters
    ----------
    on
        Reference of a model that its backends and model plugins are tried on, beside the fixtures.

    Raises
    ------
    UsageError
        No plugin of that name is installed.
    PluginBroken
        Its fixtures cannot be had.
    """
    host = get_host()
    record = _record(plugin, host)
    yield _made("Package", "package", PackageContract, plugin=record.name)
    if record.state not in {"ok", "broken"}:
        return
    fixtures = fixtures_of(record.name)
    parts = [f"{table}/{name}" for table, ids in record.gives.items() for name in ids]
    for part in parts:
        table, _, name = part.partition("/")
        contract = _contract(table, name, host)
        mine = [each for each in fixtures if each.of == part]
        for number, fixture in enumerate(mine, start=1):
            title = _title(part) + (str(number) if len(mine) > 1 else "")
            yield _made(title, part, contract, fixture=fixture, **_names(fixture))
        if on and table in {"backends", "models"}:
            more = {"backend": name} if table == "backends" else {}
            yield _made(f"{_title(part)}On", part, contract, reference=on, **more)
        elif not mine:
            yield _made(_title(part), part, Untried)
    for fixture in fixtures:
        if fixture.of not in parts:
            yield _made(_title(fixture.of), fixture.of, Missing)


class Missing:
    """Stands for a fixture of a part that the plugin does not give."""

    part: ClassVar[str] = ""

    def test_the_plugin_gives_what_its_fixture_is_of(self) -> None:
        """Misspelt, or gone."""
        pytest.fail(f"a fixture is of '{self.part}', which the plugin does not give")


def _record(plugin: str, host: Host) -> PluginRecord:
    named = [each for each in host.plugins if each.name == plugin]
    packaged = [each for each in host.plugins if canonical(each.distribution) == canonical(plugin)]
    for record in [*named, *packaged]:
        return record
    known = ", ".join(each.name for each in host.plugins)
    raise UsageError(f"no plugin '{plugin}' is installed; there are {known}", hint="See: hub plugin list")


def _contract(table: str, name: str, host: Host) -> type:
    if table != "transforms":
        return _CONTRACTS[table]
    return CompressionContract if host.transforms[name].spec.lossy else ConverterContract


def _names(fixture: Fixture) -> dict[str, object]:
    """What a contract needs to know beside the fixture."""
    table, _, name = fixture.of.partition("/")
    return {"kind": name} if table == "kinds" else {}


def _made(title: str, part: str, contract: type, **attributes: object) -> type:
    bases = (contract,) if contract in {Untried, Missing} else (Offline, contract)
    return type(f"Test{title}", bases, {"part": part, "__doc__": contract.__doc__, **attributes})


def _title(part: str) -> str:
    words = "".join(char if char.isalnum() else " " for char in part).split()
    return "".join(word[:1].upper() + word[1:] for word in words)
