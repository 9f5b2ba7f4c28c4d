"""The check of what a change of the core does to plugins names the one that it breaks."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT
from tests.support.plugins import HEAD, Made

GOOD = HEAD + "@hookimpl\ndef hub_formats(): return [FormatSpec(id='good', match=('*.good',), weights=('*.good',))]\n"
SCRIPT = ROOT / ".ci" / "downstream.py"


def test_a_wheel_that_a_change_breaks_is_named_with_what_fails(tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    core = ("openmodelhub>=0.1,<0.2",)
    Made(name="kept", source=GOOD, requires=core).wheel(wheels)
    gone = "from hub.plugin import GoneSpec\n"
    Made(name="broken", source=gone, requires=core).wheel(wheels)
    report = tmp_path / "report.md"
    command = [sys.executable, str(SCRIPT), "--only", "none", "--no-new", "--wheels", str(wheels)]
    done = subprocess.run([*command, "--report", str(report)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "cannot import name 'GoneSpec'" in done.stdout
    assert "2 plugins" in done.stdout
    table = {line.split("|")[1].strip(): line for line in report.read_text().splitlines()[2:]}
    assert set(table) == {"kept", "broken"}
    assert "GoneSpec" in table["broken"]
    assert "GoneSpec" not in table["kept"]


def test_nothing_to_check_is_a_failure(tmp_path):
    command = [sys.executable, str(SCRIPT), "--only", "none", "--no-new"]
    assert subprocess.run(command, capture_output=True, text=True, timeout=60).returncode == 1
