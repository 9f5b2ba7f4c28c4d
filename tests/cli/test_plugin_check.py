"""`hub plugin check`: what it can be given, what it shows, and plugins that end or hang the process."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from hub.cli.badge import badge
from hub.cli.plugin_checking import run_checks
from hub.plugin.discovery import installed
from tests.support.plugins import HEAD, Made, backend

FORMAT = HEAD + "@hookimpl\ndef hub_formats(): return [FormatSpec(id='mine', match=('*.mine',), weights=('*.mine',))]\n"
OWN = {"PYTEST_ADDOPTS": "-v --no-such-option"}
"""What a person may have set for tests of their own, and checks do without."""


@pytest.fixture
def alone(monkeypatch):
    """No other plugin is loaded, which saves time."""
    monkeypatch.setenv("HUB_DISABLE_PLUGINS", ",".join({entry.distribution for entry in installed()}))


def test_a_part_without_a_fixture_is_named_and_fails_where_that_is_asked_for(run_hub, alone, tmp_path):
    wheel = Made(name="bare", source=FORMAT, requires=("openmodelhub>=0.1,<0.2",)).wheel(tmp_path)
    result = run_hub("plugin", "check", str(wheel), "--json", "--strict", "--badge", str(tmp_path / "b.svg"), env=OWN)
    [report] = json.loads(result.stdout)["plugins"]
    assert report["untried"] == ["formats/mine"]
    assert result.returncode == 1
    failed = {each["check"]: each for each in report["checks"] if each["outcome"] == "failed"}
    assert set(failed) == {"it says what it is"}, "the wheel says nothing of the versions of Python"
    assert "requires-python" in failed["it says what it is"]["fix"]
    assert f"1 of {1 + report['passed']} checks fail" in (tmp_path / "b.svg").read_text()


def test_a_failure_is_shown_with_reason_and_fix(run_hub, alone, tmp_path):
    wheel = Made(name="bare", source=FORMAT).wheel(tmp_path)
    result = run_hub("plugin", "check", str(wheel), "--badge", str(tmp_path / "nowhere" / "b.svg"))
    assert result.returncode == 2
    assert "the badge cannot be written" in result.stderr
    assert "formats/mine\tnot tried\t\t" in result.stdout.splitlines()
    assert [line.split("\t")[2] for line in result.stdout.splitlines()] == ["2", ""]
    assert "it does not depend on openmodelhub" in result.stderr
    assert "Depend on openmodelhub with both ends" in result.stderr
    assert "formats/mine was not tried" in result.stderr
    assert "2 failed" in result.stderr


@pytest.mark.parametrize(("code", "told"), [(7, "the process ended with 7"), (0, "the process ended before")])
def test_a_plugin_that_ends_the_process_is_a_failure_of_the_check_that_it_ended(alone, tmp_path, code, told):
    source = backend("ender", target="hubtest_ender_engine:open_session")
    made = Made(name="ender", source=source, files={"hubtest_ender_engine.py": f"import os\nos._exit({code})\n"})
    made.lay(tmp_path)
    report = run_checks("ender", folder=tmp_path, on="", timeout=60)
    last = report.checks[-1]
    assert (last.outcome, last.check) == ("failed", "every target of its specs can be imported")
    assert told in last.reason
    assert last.fix
    assert report.passed, "what came before is told too"


def test_a_plugin_that_hangs_is_ended(alone, tmp_path):
    Made(name="sleeper", source="import time\ntime.sleep(600)\n").lay(tmp_path)
    report = run_checks("sleeper", folder=tmp_path, on="", timeout=3)
    assert [each.outcome for each in report.checks] == ["failed"]
    assert "it did not end within 3 seconds" in report.checks[0].reason


def test_fixtures_that_raise_are_a_failure(alone, tmp_path):
    entries = "[hub.plugins.v1]\nraiser = hubtest_raiser\n[hub.fixtures]\nraiser = hubtest_raiser:gone\n"
    Made(name="raiser", source=FORMAT, entries=entries).lay(tmp_path)
    report = run_checks("raiser", folder=tmp_path, on="", timeout=60)
    assert [each.outcome for each in report.checks] == ["failed"]
    assert "its fixtures 'hubtest_raiser:gone' cannot be had" in report.checks[0].reason


def test_what_is_no_plugin_is_refused(run_hub, tmp_path):
    unknown = run_hub("plugin", "check", "onx")
    assert (unknown.returncode, "Did you mean onnx?" in unknown.stderr) == (2, True)
    empty = run_hub("plugin", "check", str(tmp_path))
    assert (empty.returncode, "has no pyproject.toml" in empty.stderr) == (2, True)
    wheel = Made(name="other", entries="[console_scripts]\nx = hubtest_other:main\n").wheel(tmp_path)
    other = run_hub("plugin", "check", str(wheel))
    assert (other.returncode, "brings no plugin of hub" in other.stderr) == (2, True)
    (tmp_path / "pyproject.toml").write_text("[build-system]\nrequires = []\nbuild-backend = 'nowhere'\n")
    broken = run_hub("plugin", "check", str(tmp_path))
    assert (broken.returncode, "pip cannot build" in broken.stderr) == (1, True)


@pytest.mark.parametrize("state", ["good", "fair", "bad"])
def test_a_badge_is_a_picture_that_says_it_in_words(state):
    root = ET.fromstring(badge("hub <contract> 1", 'all "checks" & more', state))
    assert root.attrib["aria-label"] == 'hub <contract> 1: all "checks" & more'
    texts = [each.text for each in root.iter() if each.tag.endswith("text")]
    assert texts == ["hub <contract> 1", 'all "checks" & more']
    assert not [each for each in root.iter() if each.tag.endswith(("script", "image"))]


def test_what_only_an_extra_or_a_framework_brings_is_asked_for_where_it_is_here(alone, tmp_path):
    source = HEAD + (
        "@hookimpl\ndef hub_models(): return [ModelSpec(id='mine', task='text-generation', families=('mine',),"
        " verbs=('chat',), target='hubtest_mine_model:Mine', architectures={'absent_framework': 'absent_y:build'})]\n"
    )
    model = {"hubtest_mine_model.py": "import absent_x\nclass Mine: ...\n"}
    states = {}
    for requires in ((), ("absent-x>=1; extra == 'x'",)):
        folder = tmp_path / str(len(requires))
        Made(name="mine", source=source, files=model, requires=("openmodelhub>=0.1,<0.2", *requires)).lay(folder)
        report = run_checks("mine", folder=folder, on="", timeout=60)
        [states[requires]] = [each for each in report.checks if each.check.startswith("every target")]
    assert [each.outcome for each in states.values()] == ["failed", "passed"]
    assert "absent_x" in states[()].reason
