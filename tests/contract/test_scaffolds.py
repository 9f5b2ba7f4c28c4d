"""A new plugin of every kind works as it is: it is well formatted, its own tests pass, `hub plugin check` passes it."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from hub.scaffold.package import KINDS
from tests.support.scaffolds import environment

PARTS = {
    "backend": {"formats/new-backend", "backends/new-backend"},
    "model": {"models/new-model"},
    "compression": {"transforms/new-compression"},
    "converter": {"formats/new-converter", "transforms/new-converter-from-safetensors"},
    "source": {"sources/new-source"},
    "task": {"tasks/new-task"},
}


def test_every_kind_is_tested():
    assert set(PARTS) == set(KINDS)


def test_the_tests_of_new_plugins_pass(scaffolds):
    folders = [str(scaffolds.parent / f"hub-new-{kind}" / "tests") for kind in KINDS]
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "--import-mode=importlib", "-p", "no:cacheprovider"]
    command += ["-c", "/dev/null", "-W", "error", "--rootdir", str(scaffolds.parent), *folders]
    result = subprocess.run(command, env=environment(scaffolds), capture_output=True, text=True, timeout=240)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr
    assert int(re.search(r"(\d+) passed", result.stdout)[1]) > 120, result.stdout
    assert "no fixture" not in result.stdout


def test_new_plugins_are_well_formatted(scaffolds):
    folders = [str(scaffolds.parent / f"hub-new-{kind}") for kind in KINDS]
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", *folders]
        result = subprocess.run(ruff, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("kind", ["task"])  # the others run by their tests above; this is the command
def test_hub_plugin_check_passes_a_new_plugin(scaffolds, kind, tmp_path):
    badge = tmp_path / "badge.svg"
    folder = scaffolds.parent / f"hub-new-{kind}"
    command = [sys.executable, "-m", "hub", "plugin", "check", str(folder), "--strict", "--json", "--badge", str(badge)]
    env = environment(scaffolds.parent / "nothing")
    result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    [report] = json.loads(result.stdout)["plugins"]
    assert (report["plugin"], report["version"], report["conformant"]) == (f"new-{kind}", "0.1.0", True)
    assert (report["failed"], report["untried"]) == (0, [])
    assert {each["part"] for each in report["checks"]} == {"package", *PARTS[kind]}
    assert f"{report['passed']} checks pass" in badge.read_text()
