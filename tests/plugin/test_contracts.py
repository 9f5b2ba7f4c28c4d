"""Plugins made for other versions of the contract: real wheels on the core of today, and on the next one.

The next core is this one with another `contracts.py`: the change that its authors will make, rehearsed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.plugin.contracts import CONTRACT, SERVED
from hub.plugin.discovery import installed
from hub.scaffold.naming import names_of
from hub.scaffold.package import write_package
from tests.support.scaffolds import PIP
from tests.support.venv import ROOT

UNTIL, CHANGE = "2031-05-01", "devices are numbered: 'cpu:0', not 'cpu'"
NEXT = f"""
def numbered(spec):
    from dataclasses import replace
    from hub.plugin.specs import BackendSpec
    if not isinstance(spec, BackendSpec):
        return spec
    return replace(spec, devices=tuple(f"{{each}}:0" for each in spec.devices))

SERVED: tuple[Contract, ...] = (
    Contract(number={CONTRACT}, until="{UNTIL}", change="{CHANGE}", adapt=numbered),
    Contract(number={CONTRACT + 1}),
)
"""
SHOW = """
import json
from hub.plugin.host import get_host
host = get_host()
print(json.dumps({
    each.name: {
        "state": each.state,
        "faults": [[fault.kind, fault.reason, fault.fix, fault.warning] for fault in each.faults],
        "devices": {name: host.backends[name].spec.devices for name in each.gives.get("backends", ())},
    }
    for each in host.plugins
}))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four plugins, each built from its source for one contract and installed by pip."""
    root = tmp_path_factory.mktemp("contracts")
    folders = []
    for number in range(CONTRACT - 1, CONTRACT + 3):
        names = names_of(f"made-for-{number}")
        folder = root / names.package
        write_package(names, "backend", folder, author="Ada Example", licence="MIT")
        project = folder / "pyproject.toml"
        project.write_text(project.read_text().replace(f"hub.plugins.v{CONTRACT}", f"hub.plugins.v{number}"))
        folders.append(str(folder))
    subprocess.run([*PIP, "--target", str(root / "site"), *folders], check=True, timeout=120)
    return root / "site"


@pytest.fixture(scope="module")
def next_core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the core as it will be when the contract changes."""
    folder = tmp_path_factory.mktemp("next")
    shutil.copytree(ROOT / "hub", folder / "hub", ignore=shutil.ignore_patterns("__pycache__", "templates"))
    path = folder / "hub" / "plugin" / "contracts.py"
    text = path.read_text()
    [line] = [line for line in text.splitlines() if line.startswith("SERVED")]
    path.write_text(text.replace(line, NEXT))
    return folder


def ask(*command: str, path: list[Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    others = ",".join(sorted({entry.distribution for entry in installed()}))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "HUB_DISABLE_PLUGINS": others}
    return subprocess.run([sys.executable, *command], env=env, cwd=cwd, capture_output=True, text=True, timeout=60)


def seen(*path: Path, cwd: Path) -> dict[str, dict[str, object]]:
    result = ask("-c", SHOW, path=list(path), cwd=cwd)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_today_serves_one_contract_and_refuses_all_others_by_name(site, tmp_path):
    assert len(SERVED) == 1, "a new contract: this test now shows a plugin of the one before, as the next one does"
    plugins = seen(site, ROOT, cwd=tmp_path)
    assert (plugins["made-for-1"]["state"], plugins["made-for-1"]["faults"]) == ("ok", [])
    for name, group in (("made-for-0", "hub.plugins.v0"), ("made-for-2", "hub.plugins.v2")):
        [[kind, reason, fix, warning]] = plugins[name]["faults"]
        assert (plugins[name]["state"], kind, warning) == ("incompatible", "contract-version", False)
        assert f"it is made for '{group}'" in reason
        assert "serves contract 1 ('hub.plugins.v1')" in reason
        newer = "Update the core: hub plugin install --upgrade openmodelhub"
        assert (fix == newer) is (name == "made-for-2")
        assert plugins[name]["devices"] == {}


def test_the_next_core_serves_the_one_before_with_a_warning_that_names_date_and_change(site, next_core, tmp_path):
    plugins = seen(site, next_core, cwd=tmp_path)
    assert plugins["made-for-1"]["state"] == "ok"
    [[kind, reason, fix, warning]] = plugins["made-for-1"]["faults"]
    assert (kind, warning) == ("old-contract", True)
    assert reason == f"it is made for contract 1, which is served until {UNTIL}; contract 2: {CHANGE}"
    assert fix.startswith("Update it: hub plugin install --upgrade hub-made-for-1")
    assert plugins["made-for-1"]["devices"] == {"made-for-1": ["cpu:0"]}, "what it means is told to the next core"
    assert plugins["made-for-2"] == {"state": "ok", "faults": [], "devices": {"made-for-2": ["cpu"]}}
    for name in ("made-for-0", "made-for-3"):
        assert plugins[name]["state"] == "incompatible"
        assert "serves contracts 1 ('hub.plugins.v1') and 2 ('hub.plugins.v2')" in plugins[name]["faults"][0][1]


def test_the_warning_is_shown_and_is_no_failure(site, next_core, tmp_path):
    result = ask("-m", "hub", "plugin", "list", path=[site, next_core], cwd=tmp_path)
    assert result.returncode == 0
    assert "warning in 'made-for-1' (old-contract): it is made for contract 1" in result.stderr
    assert f"served until {UNTIL}" in result.stderr
    assert "fault in 'made-for-3' (contract-version)" in result.stderr


def test_a_package_that_serves_two_contracts_is_taken_by_the_newest_that_is_served(site, next_core, tmp_path):
    both = tmp_path / "both"
    shutil.copytree(site, both)
    [entries] = both.glob("hub_made_for_1-*/entry_points.txt")
    entries.write_text(
        "[hub.plugins.v1]\nmade-for-1 = gone.module\n[hub.plugins.v2]\nmade-for-1 = hub_made_for_1.plugin\n"
    )
    plugins = seen(both, next_core, cwd=tmp_path)
    assert plugins["made-for-1"] == {"state": "ok", "faults": [], "devices": {"made-for-1": ["cpu"]}}
    today = seen(both, ROOT, cwd=tmp_path)
    assert today["made-for-1"]["faults"][0][0] == "import-error", "it is asked by the group of its own contract"


def test_a_check_says_that_a_plugin_is_made_for_the_contract_before(site, next_core, tmp_path):
    ask("-m", "hub.testing.check", "made-for-1", str(tmp_path / "out.jsonl"), path=[site, next_core], cwd=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    failed = {line["check"]: line["fix"] for line in lines if line["event"] == "end" and line["outcome"] == "failed"}
    assert "docs/contract.md says what changed" in failed["it is made for the contract of today"]
    assert "the host finds no fault in it" not in failed
    assert "the host finds no fault in the plugin" not in failed
