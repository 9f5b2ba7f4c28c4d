"""The plugins of this repository pass `hub plugin check --strict`, each in a process of its own, on what it brings."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hub.cpus import usable_cpus
from tests.conftest import ROOT, RunHub

PROJECTS = {path.parent.name: tomllib.loads(path.read_text()) for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))}
COMMANDS_ALONE = {"mirror"}
"""These bring a command and no plugin, so there is nothing that the contract could ask of them."""

Result = subprocess.CompletedProcess[str]
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""Tiny models are fastest with one: threads that wait for each other take the time of the tests beside these."""


def points(project: dict[str, Any]) -> dict[str, dict[str, str]]:  # Any: TOML
    return project["project"].get("entry-points", {})


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Runs as many checks at once as there are processors."""
    with ThreadPoolExecutor(usable_cpus()) as pool:
        yield pool
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def started() -> dict[str, Future[Result]]:
    """Checks by plugin."""
    return {}


@pytest.fixture
def checked(request: Any, pool: ThreadPoolExecutor, started: dict[str, Future[Result]]) -> Result:  # Any: pytest's
    """The check of the plugin; the first test starts those of all that are asked for, what takes longest first."""
    items = [each for each in request.session.items if each.parent is request.node.parent and has_plugin(each)]
    if "PYTEST_XDIST_WORKER" in os.environ:  # others run the others
        items = [request.node]
    env = {**os.environ, **ONE_THREAD}
    for name in sorted((each.callspec.params["plugin"] for each in items), key=takes_long, reverse=True):
        if name not in started:
            command = [sys.executable, "-m", "hub", "plugin", "check", name, "--strict", "--json"]
            started[name] = pool.submit(
                subprocess.run, command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=360
            )
    return started[request.node.callspec.params["plugin"]].result()


def has_plugin(item: pytest.Item) -> bool:
    return "plugin" in getattr(getattr(item, "callspec", None), "params", {})


def takes_long(plugin: str) -> bool:
    return any(Requirement(text).name == "torch" for text in PROJECTS[plugin]["project"]["dependencies"])


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("plugin", sorted(set(PROJECTS) - COMMANDS_ALONE))
def test_it_passes_the_check_with_nothing_untried(checked: Result, plugin: str):
    [report] = json.loads(checked.stdout)["plugins"]
    failed = [
        f"{each['part']}: {each['check']}: {each['reason']}" for each in report["checks"] if each["outcome"] == "failed"
    ]
    assert (failed, report["untried"]) == ([], [])
    assert checked.returncode == 0, checked.stderr
    assert report["package"] == PROJECTS[plugin]["project"]["name"]
    assert report["passed"] > len({each["part"] for each in report["checks"]}), "each part has checks"


def test_every_plugin_brings_fixtures():
    plugins = {name for project in PROJECTS.values() for name in points(project).get("hub.plugins.v1", {})}
    fixtures = {name for project in PROJECTS.values() for name in points(project).get("hub.fixtures", {})}
    assert plugins == fixtures == set(PROJECTS) - COMMANDS_ALONE


@pytest.mark.parametrize("name", sorted(COMMANDS_ALONE))
def test_a_package_with_a_command_alone_is_told_so(run_hub: RunHub, name: str):
    assert set(points(PROJECTS[name])) == {"hub.commands"}
    for target in (name, PROJECTS[name]["project"]["name"]):
        result = run_hub("plugin", "check", target)
        assert result.returncode == 2
        assert f"brings the command 'hub {name}' and no plugin" in result.stderr


def test_the_core_declares_what_it_imports():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
    ]
    declared = {canonicalize_name(Requirement(text).name) for text in listed}
    owners = packages_distributions()
    missing = {}
    for path in (ROOT / "hub").rglob("*.py"):
        for top in imported(path) - set(sys.stdlib_module_names) - {"hub", "tests"}:
            if not declared & {canonicalize_name(owner) for owner in owners.get(top, [])}:
                missing[top] = path.name
    assert missing == {}


def imported(path: Path) -> set[str]:
    """Packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
