"""`hub registry check` on a real repository: a table, JSON, and annotations that nothing in an entry can forge."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from hub.cli.registry import command
from hub.errors import NotFound, PolicyError, SchemaError, UsageError
from tests.support.changing import Project
from tests.support.registries import model


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "team", model(owners=["ada"]), maintainers=["mia"])


def call(*arguments, ok: bool = True):
    result = CliRunner().invoke(command, list(arguments))
    if ok and result.exception:
        raise result.exception
    return result


def check(project, *arguments, ok: bool = True):
    return call("check", str(project.path), "--base", "main", "--no-sources", "--no-plugins", *arguments, ok=ok)


def test_without_a_change_there_is_nothing_to_check(project):
    assert "0 entries differ: no fault." in check(project).stderr


def test_a_change_is_told_as_a_table(project):
    project.change(lambda document: document["models"][0].update(summary="New."))
    result = check(project, "--author", "ada")
    assert "ok\towners\tacme/tiny\tada owns it" in result.stdout
    assert "1 entry differs: no fault." in result.stderr


def test_faults_end_with_4_and_json_has_them_all(project):
    project.change(lambda document: document["models"][0]["variants"][0]["files"][0].update(sha256="1" * 64))
    result = check(project, "--author", "eve", "--json", ok=False)
    assert isinstance(result.exception, PolicyError)
    assert result.exception.message.startswith("2 faults keep this change out of")
    report = json.loads(result.stdout)
    assert report["changed"] == {"models": ["acme/tiny"], "plugins": []}
    assert (report["faults"], report["reviews"]) == (2, 0)
    assert {each["check"] for each in report["findings"] if each["level"] == "fault"} == {"versions", "owners"}


def test_annotations_name_the_line_and_cannot_be_forged(project, tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    evil = "x\n::error file=a::forged\n| `<img src=x>` @everyone"
    project.change(lambda document: document["models"][0].update(summary=evil))
    result = check(project, "--author", "ada", "--github", ok=False)
    assert isinstance(result.exception, PolicyError)
    commands = [line for line in result.stdout.splitlines() if line.startswith("::")]
    line = next(n for n, text in enumerate(project.path.read_text().splitlines(), 1) if '"summary"' in text)
    assert any(
        each.startswith(f"::error file={project.path},line={line},title=text%3A acme/tiny::holds") for each in commands
    )
    assert sum(each.startswith("::stop-commands::") for each in commands) == 1
    word = next(each for each in commands if each.startswith("::stop-commands::")).removeprefix("::stop-commands::")
    assert commands[-1] == f"::{word}::"
    assert not [each for each in commands if "forged" in each and each.startswith("::error file=a")]
    table = summary.read_text()
    assert "| ❌ fault | text |" in table
    assert "@everyone" not in table.replace("`", "")[: table.index("|")]
    assert all(line.count("|") == 5 for line in table.splitlines() if line.startswith("| "))


def test_what_cannot_be_compared_is_said(project, tmp_path):
    with pytest.raises(NotFound, match="there is no revision 'nowhere'"):
        raise check(project, "--base", "nowhere", ok=False).exception
    with pytest.raises(UsageError, match="is no revision"):
        raise check(project, "--base", "--output=x", ok=False).exception
    lone = tmp_path / "lone.json"
    lone.write_bytes(project.path.read_bytes())
    with pytest.raises(UsageError, match="is in no git repository"):
        raise call("check", str(lone), "--base", "main", ok=False).exception
    with pytest.raises(UsageError, match="cannot be read"):
        raise call("check", str(tmp_path / "none.json"), ok=False).exception


def test_a_file_can_be_what_is_compared_with(project, tmp_path):
    old = tmp_path / "old.json"
    old.write_bytes(project.path.read_bytes())
    project.change(lambda document: document["models"].append(model("acme/more", aliases=[])))
    result = call("check", str(project.path), "--against", str(old), "--no-sources", "--json")
    assert json.loads(result.stdout)["changed"]["models"] == ["acme/more"]


def test_a_registry_that_is_new_in_this_change_is_checked_whole(project):
    other = project.folder / "other.json"
    other.write_bytes(project.path.read_bytes())
    result = call("check", str(other), "--base", "main", "--no-sources", "--json")
    assert json.loads(result.stdout)["changed"]["models"] == ["acme/tiny"]


def test_entries_are_edited_yanked_and_formatted_by_command(project):
    call("edit", "acme/tiny", "summary=Better.", "tags+=german", "parameters=5", "--registry", str(project.path))
    entry = json.loads(project.path.read_bytes())["models"][0]
    assert (entry["summary"], entry["tags"], entry["parameters"]) == ("Better.", ["german"], 5)
    call("edit", "acme/tiny", "tags-=german", "parameters=", "--registry", str(project.path))
    entry = json.loads(project.path.read_bytes())["models"][0]
    assert entry["tags"] == []
    assert "parameters" not in entry
    result = call("yank", "acme/tiny:gguf", "--reason", "wrong eos", "--registry", str(project.path), "--dry-run")
    assert '+          "yanked": "wrong eos",' in result.stdout
    assert "yanked" not in project.path.read_text()
    call("yank", "acme/tiny:gguf", "--reason", "wrong eos", "--registry", str(project.path))
    assert "yanked" in project.path.read_text()
    call("yank", "acme/tiny:gguf", "--undo", "--registry", str(project.path))
    with pytest.raises(UsageError, match="say why"):
        raise call("yank", "acme/tiny", "--registry", str(project.path), ok=False).exception
    assert "is in form" in call("format", str(project.path), "--check").stderr
    project.path.write_text(json.dumps(json.loads(project.path.read_bytes())))
    assert call("format", str(project.path), "--check", ok=False).exit_code == 1
    call("format", str(project.path))
    assert "is in form" in call("format", str(project.path), "--check").stderr


def test_an_entry_is_added_from_a_file(project, tmp_path):
    fresh = tmp_path / "entry.json"
    fresh.write_text(json.dumps(model("acme/fresh", aliases=["fresh"])))
    result = call("add", str(fresh), "--registry", str(project.path))
    assert "Listed: acme/fresh" in result.stderr
    assert "everything of it is listed" in call("add", str(fresh), "--registry", str(project.path)).stderr.lower()


@pytest.mark.parametrize(("text", "said"), [("{}", "the field 'id' is missing"), ("[]", "expected `object`")])
def test_a_file_that_holds_no_entry_is_told_with_what_is_missing(project, tmp_path, text, said):
    broken = tmp_path / "entry.json"
    broken.write_text(text)
    result = call("add", str(broken), "--registry", str(project.path), ok=False)
    assert isinstance(result.exception, SchemaError)
    assert any(said in line for line in result.exception.details)
