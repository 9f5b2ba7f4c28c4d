"""A plugin that breaks the contract fails the checks that are about its faults; each failure says what to do."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from hub.testing.fixes import FIXES
from tests.contract.test_breaks_of_sessions import FAULTS, KINDS, RUN
from tests.support.breaks import BREAKS
from tests.support.scaffolds import ROOT, environment

MODULE = """
from hub.testing.plugin import contracts_of

WANTED = {wanted!r}

def wanted(item):
    check = item.originalname.removeprefix("test_").replace("_", " ")
    return check in WANTED[item.nodeid.split("::")[1].split("_")[1]]

for name in WANTED:
    for contract in contracts_of(name):
        if contract.part != "package" or name == "bad-package":
            globals()[f"Test_{{name}}_{{contract.__name__}}"] = contract
"""
KEPT_BY_THE_CORE = {
    "an empty batch has an empty answer",
    "use after close is refused",
    "verbs that it was not opened for are refused",
    "what a callback raises comes out and the session goes on",
    "a closed model says so",
    "an unknown option is refused",
}
"""Checks that the core's guard keeps for every plugin: they fail for a fault of the core."""
ELSEWHERE = {
    "it says that it loses something",  # the two contracts on each other's transforms, below
    "it says that it loses nothing",
    "it is made for the contract of today",  # tests/plugin/test_contracts.py
    "pieces join to the whole answer",  # tests/contract/test_kit.py
}


@pytest.fixture(scope="module")
def failed(once) -> dict[str, dict[str, str]]:
    """Plugin to the checks that failed, with what is to be done."""
    folder = once("broken", run)
    found: dict[str, dict[str, str]] = {each.name: {} for each in BREAKS}
    for text in (folder / "out.jsonl").read_text().splitlines():
        line = json.loads(text)
        assert line["event"] != "error", line["reason"] + (folder / "said.txt").read_text()
        if line["event"] == "end" and line["outcome"] == "failed":
            name = line["node"].split("::")[1].split("_")[1]
            found[name][line["check"].partition(" (")[0]] = line["fix"]
            assert line["reason"]
    return found


def run(folder: Path) -> None:
    """Run the checks that must fail, on all broken plugins in one process."""
    (folder / "site").mkdir()
    for each in BREAKS:
        each.lay(folder, folder / "site")
    (folder / "test_breaks.py").write_text(MODULE.format(wanted={each.name: set(each.fails) for each in BREAKS}))
    code = RUN.replace("not damaged and not heavy and not leaks", "")
    command = [sys.executable, "-W", "ignore", "-c", code, str(folder / "test_breaks.py"), str(folder / "out.jsonl")]
    env = environment(folder / "site")
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=240)
    (folder / "said.txt").write_text(done.stdout + done.stderr)


@pytest.mark.parametrize("broken", BREAKS, ids=[each.name for each in BREAKS])
def test_a_fault_of_a_plugin_fails_the_check_that_is_about_it(failed, broken):
    assert sorted(broken.fails - set(failed[broken.name])) == []
    assert all(failed[broken.name].values()), "each failure says what to do"


def test_every_check_has_been_seen_to_fail():
    seen = KEPT_BY_THE_CORE | ELSEWHERE | {"it is tried"}
    for fails in (*(each.fails for each in BREAKS), *FAULTS.values(), *KINDS.values()):
        seen |= set(fails)
    assert sorted(checks() - seen) == []


def test_every_check_says_what_to_do():
    assert checks() - {"it is tried"} == {name.replace("_", " ") for name in FIXES}


def checks() -> set[str]:
    """Every test of every contract, as reports name it."""
    found = set()
    for path in Path(ROOT, "hub", "testing").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(node.name.removeprefix("test_").replace("_", " "))
    return found
