"""Workflows that meet what strangers wrote: no secrets, no rights, and nothing of the request in a shell line."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

FOLDER = Path(__file__).parents[1] / ".github" / "workflows"
ALL = sorted(FOLDER.glob("*.yml"))
REQUESTS = FOLDER / "registry.yml"
WRITTEN = re.compile(r"\$\{\{[^}]*(title|body|head\.ref|head_ref|login|email|label|message|\.name)")


def parsed(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(path: Path) -> list[dict]:
    return [step for job in parsed(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_no_workflow_gives_a_request_of_a_stranger_rights_or_secrets(path):
    text = path.read_text(encoding="utf-8")
    assert "pull_request_target" not in parsed(path)[True]
    assert "workflow_run" not in parsed(path)[True]
    assert "secrets." not in text
    assert "permissions" in parsed(path), "what is not said is everything"


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_no_shell_line_holds_what_the_request_says(path):
    for step in steps(path):
        assert not WRITTEN.search(step.get("run", "")), step["run"]


def test_what_a_request_brings_is_run_by_a_job_that_may_only_read():
    workflow = parsed(REQUESTS)
    assert workflow["permissions"] == {}
    assert {job["permissions"]["contents"] for job in workflow["jobs"].values()} == {"read"}
    assert all(set(job["permissions"]) == {"contents"} for job in workflow["jobs"].values())
    for step in steps(REQUESTS):
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False
            assert step["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"


def test_the_first_job_runs_no_line_of_the_request():
    first = parsed(REQUESTS)["jobs"]["entries"]["steps"]
    (check,) = [step["run"] for step in first if "hub registry check" in step.get("run", "")]
    assert {"--no-sources", "--no-plugins", "--github"} <= set(check.split())
    installs = [word for step in first for word in re.findall(r"pip install (.*)", step.get("run", ""))]
    assert installs == ["--quiet --constraint trusted/constraints.txt ./trusted"]


def test_a_member_of_the_organisation_asks_as_what_maintains_our_registry():
    author = " ".join(parsed(REQUESTS)["env"]["AUTHOR"].split())
    told = "github.event.pull_request.author_association"
    assert author.startswith('${{ contains(fromJSON(\'["OWNER", "MEMBER"]\'), ' + told)
    assert author.endswith("&& github.repository_owner || github.event.pull_request.user.login }}")
    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())["project"]
    registry = json.loads((FOLDER.parents[1] / "registry.json").read_text())
    organisation = project["urls"]["Source"].split("/")[3]
    assert registry["maintainers"] == [organisation]
    assert {tuple(plugin["owners"]) for plugin in registry["plugins"]} == {(organisation,)}
