"""The packages of this repository keep what the kit asks of every package; their own tests try what they give."""

from __future__ import annotations

import tomllib

from hub.testing import PackageContract
from tests.conftest import ROOT

PROJECTS = [tomllib.loads(path.read_text())["project"] for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))]
POINTS = [project["entry-points"] for project in PROJECTS]
WITH_FIXTURES = {name for points in POINTS for name in points.get("hub.fixtures", {})}
"""Those run all of their contracts in `plugins/*/tests/test_contract.py`."""
NAMES = {name for points in POINTS for name in points.get("hub.plugins.v1", {})}

for plugin in sorted(NAMES - WITH_FIXTURES):
    globals()[f"Test{plugin.capitalize()}"] = type(f"Test{plugin.capitalize()}", (PackageContract,), {"plugin": plugin})


def test_plugins_with_fixtures_run_their_contracts():
    assert WITH_FIXTURES < NAMES
    for plugin in WITH_FIXTURES:
        text = (ROOT / "plugins" / plugin / "tests" / "test_contract.py").read_text()
        assert f'(PluginContract, plugin="{plugin}")' in text
