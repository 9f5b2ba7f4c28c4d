"""Plugins are found by metadata alone, whatever lies beside them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from hub.plugin.discovery import installed, matches, package_of
from hub.plugin.requirements import unmet
from hub.plugin.survey import survey
from tests.support.plugins import Made, backend


def lay(site: Path, *plugins: Made) -> None:
    for plugin in plugins:
        plugin.lay(site)
    importlib.invalidate_caches()


def found(site: Path, *plugins: Made) -> dict[str, str]:
    lay(site, *plugins)
    return {entry.name: entry.version for entry in installed() if entry.distribution.lower().startswith("hubtest")}


def test_nothing_is_imported(site):
    assert found(site, Made(name="bomb", source="raise AssertionError\n")) == {"bomb": "1.2.3"}
    assert "hubtest_bomb" not in sys.modules


def test_of_two_copies_of_a_package_the_first_on_the_path_counts(site, tmp_path, monkeypatch):
    Made(name="same", version="2.0").lay(site)
    older = tmp_path / "older"
    Made(name="same", version="1.0").lay(older)
    monkeypatch.setattr(sys, "path", [*sys.path, str(older)])
    assert found(site) == {"same": "2.0"}


def test_a_package_whose_entry_points_are_no_text_hides_no_other(site):
    bad = site / "hubtest_bytes-1.0.dist-info"
    bad.mkdir()
    (bad / "METADATA").write_text("Metadata-Version: 2.3\nName: hubtest-bytes\nVersion: 1.0\n")
    (bad / "entry_points.txt").write_bytes(b"[hub.plugins.v1]\n\xff\xfe = x\n")
    assert found(site, Made(name="good")) == {"good": "1.2.3", "hubtest-bytes": "1.0"}
    [entry] = [entry for entry in installed() if entry.unreadable]
    assert "entry_points.txt cannot be read" in entry.unreadable


def test_a_package_with_unreadable_entry_points_is_a_broken_plugin(load_plugins, site):
    bad = site / "hubtest_bytes-1.0.dist-info"
    bad.mkdir()
    (bad / "METADATA").write_text("Metadata-Version: 2.3\nName: hubtest-bytes\nVersion: 1.0\n")
    (bad / "entry_points.txt").write_bytes(b"\xff\xfe")
    [fault] = load_plugins().faults
    assert (fault.plugin, fault.kind) == ("hubtest-bytes", "import-error")


def test_a_package_without_metadata_is_still_found(site):
    made = Made(name="bare")
    made.lay(site)
    (site / "hubtest_bare-1.2.3.dist-info" / "METADATA").unlink()
    importlib.invalidate_caches()
    assert [(e.distribution, e.version) for e in installed() if e.name == "bare"] == [("unknown", "unknown")]


def test_packages_without_our_groups_are_no_plugins(site):
    made = Made(name="other", entries="[console_scripts]\nhubby = hubtest_other:main\n[other.plugins.v1]\na = b\n")
    assert found(site, made) == {}


@pytest.mark.parametrize(
    ("name", "meant"), [("one", True), ("HubTest_One", True), ("hubtest.one", True), ("on", False)]
)
def test_a_plugin_is_meant_by_its_own_name_or_that_of_its_package(site, name, meant):
    lay(site, Made(name="one"))
    [entry] = [entry for entry in installed() if entry.name == "one"]
    assert matches(entry, name) is meant


def test_a_package_that_adds_a_command_alone_is_ours_too(site):
    lay(site, Made(name="cmd", entries="[hub.commands]\nbench = a:b\n"), Made(name="foreign", entries="[x]\na = b\n"))
    assert package_of("hubtest_cmd") == "hubtest-cmd"
    assert package_of("hubtest-foreign") is None
    assert package_of("hubtest-absent") is None


def test_unmet_requirements_are_those_that_hold_here_and_are_missing_or_too_old(site):
    requires = (
        "pluggy>=1",
        "pluggy>=9999",
        "absent-one; python_version >= '3'",
        "absent-two; python_version < '3'",
        "absent-three; extra == 'gpu'",
        "not a requirement!",
    )
    lay(site, Made(name="needy", requires=requires))
    assert unmet("hubtest-needy") == ["pluggy>=9999", "absent-one"]
    assert unmet("hubtest-absent") == []


def test_the_survey_calls_a_plugin_broken_whose_requirements_are_unmet(load_plugins, monkeypatch):
    host = load_plugins(
        Made(name="needy", source=backend("b"), requires=("absent-one>=2",)),
        Made(name="fine", source=backend("c"), requires=("pluggy",)),
    )
    monkeypatch.setattr("hub.plugin.host._Process.host", host)
    states = {record.name: record for record in survey()}
    assert states["fine"].state == "ok"
    assert states["needy"].state == "broken"
    assert states["needy"].faults[0].kind == "missing-dependency"
    assert states["needy"].faults[0].fix.endswith("-m pip install 'absent-one>=2'")
