"""Publishing through the real client to a real server, and proposing the entry to a real git repository."""

from __future__ import annotations

import json
import secrets

import pytest
from click.testing import CliRunner

from hub.cli.publish import command
from hub.errors import AccessDenied, HubError, PolicyError, SourceError, UsageError
from hub.publish.card import read_card
from tests.publish.conftest import safetensors
from tests.support.changing import git

pytestmark = [
    pytest.mark.filterwarnings("ignore:Warnings while validating metadata:UserWarning"),
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


def publish(*arguments, ok=True):
    result = CliRunner().invoke(command, [*map(str, arguments)])
    if ok and result.exception:
        raise result.exception
    return result


def failure(*arguments):
    return publish(*arguments, ok=False).exception


@pytest.fixture
def name():
    return f"ada/m{secrets.token_hex(4)}"


def ours(folder, name, *more):
    return [
        *(folder, "--to", f"team:{name}", "--task", "fill-mask", "--license", "MIT", "--no-answer"),
        *("--summary", "Small.", "--yes", *more),
    ]


def document(*arguments):
    return json.loads(publish(*arguments, "--json").stdout)


def test_a_folder_is_published_pinned_and_listed(mirror, folder, name, remote, tmp_path):
    done = document(*ours(folder, name, "--registry", remote, "--owner", "ada", "--alias", "mine"))
    listed = mirror.api("ada").list_repo_files(name, revision=done["commit"])
    assert set(listed) == {"model.safetensors", "config.json", "LICENSE", "README.md", ".gitattributes"}
    entry = done["entry"]
    assert (entry["id"], entry["license"], entry["owners"]) == (name, "MIT", ["ada"])
    (variant,) = entry["variants"]
    weights = next(file for file in variant["files"] if file["path"] == "model.safetensors")
    assert weights["sources"] == [f"team:{name}@{done['commit']}/model.safetensors"]
    assert weights["size"] == len(safetensors())
    branch = done["proposed"]["branch"]
    shown = json.loads(git(remote, "show", f"{branch}:registry.json"))
    assert [each["id"] for each in shown["models"]] == ["acme/known", name]
    assert shown["models"][1] == entry
    assert git(remote, "rev-list", "--count", f"main..{branch}") == "1"
    assert git(remote, "diff", "--stat", "--name-only", "main", branch) == "registry.json"


def test_publishing_again_changes_nothing(mirror, folder, name, remote):
    first = document(*ours(folder, name, "--registry", remote))
    again = document(*ours(folder, name, "--registry", remote))
    assert again["commit"] == first["commit"]
    assert not again["changed"]
    assert again["proposed"] == {**first["proposed"], "new": False}
    assert len(mirror.api("ada").list_repo_commits(name)) == 2  # the one that made the repository, and ours
    (folder / "model.safetensors").write_bytes(safetensors(128))
    third = document(*ours(folder, name, "--registry", remote))
    assert third["commit"] != first["commit"]
    assert third["proposed"]["branch"] != first["proposed"]["branch"]


def test_once_merged_the_registry_says_all_of_it_already(mirror, folder, name, remote):
    branch = document(*ours(folder, name, "--registry", remote))["proposed"]["branch"]
    git(remote, "update-ref", "refs/heads/main", f"refs/heads/{branch}")
    assert document(*ours(folder, name, "--registry", remote))["proposed"] is None


def test_a_dry_run_shows_everything_and_sends_nothing(mirror, folder, name, remote):
    result = publish(*ours(folder, name, "--registry", remote, "--dry-run"))
    assert "ok\tformats\tsafetensors: loads without running code" in result.stdout
    assert "model.safetensors" in result.stderr
    assert "pipeline_tag: fill-mask" in result.stderr
    assert "Nothing was uploaded." in result.stderr
    assert not mirror.api("ada").repo_exists(name)
    assert git(remote, "branch", "--list", "hub/*") == ""


def test_without_being_asked_for_nothing_is_published(mirror, folder, name):
    arguments = [each for each in ours(folder, name, "--no-registry") if each != "--yes"]
    assert isinstance(failure(*arguments), UsageError)
    assert not mirror.api("ada").repo_exists(name)


def test_a_private_repository_and_a_pull_request_on_the_hub(mirror, folder, name, monkeypatch):
    document(*ours(folder, name, "--no-registry", "--private"))
    assert mirror.api("ada").model_info(name).private
    public = f"{name}x"
    document(*ours(folder, public, "--no-registry"))
    monkeypatch.setenv("HUB_TOKEN_TEAM", mirror.tokens["bob"])
    (folder / "config.json").write_text('{"model_type": "bert", "hidden_size": 16}')
    done = document(*ours(folder, public, "--no-registry", "--create-pr"))
    assert done["pull_request"].endswith("/discussions/1")
    assert mirror.api("ada").model_info(public).sha != done["commit"]
    assert b"16" in done_bytes(mirror, public, done["commit"])
    missing = failure(*ours(folder, "bob/nothing", "--no-registry", "--create-pr"))
    assert "to open a pull request in" in missing.message


def done_bytes(mirror, name, commit):
    import requests

    return requests.get(f"{mirror.url}/{name}/resolve/{commit}/config.json", timeout=10).content


def test_a_token_without_rights_is_named_with_what_it_needs(mirror, folder, name, monkeypatch):
    monkeypatch.setenv("HUB_TOKEN_TEAM", mirror.tokens["eve"])
    for place in (name, "eve/mine"):
        error = failure(*ours(folder, place, "--no-registry"))
        assert isinstance(error, AccessDenied), error
        assert "the token may not write to" in error.message
        assert "role write" in error.hint
    monkeypatch.delenv("HUB_TOKEN_TEAM")
    assert isinstance(failure(*ours(folder, name, "--no-registry")), AccessDenied)


@pytest.fixture
def own(tmp_path, mirror):
    """A hub of this test alone, which it may end."""
    from tests.support.mirror import Mirror

    own = Mirror(tmp_path / "own")
    own.add_user("ada")
    own.start()
    yield own
    own.stop()


def test_an_upload_that_was_cut_goes_on_with_the_same_command(own, folder, name, monkeypatch):
    (folder / "model.safetensors").write_bytes(safetensors(1 << 20))
    monkeypatch.setenv("HUB_HUBS", f"team={own.url}")
    monkeypatch.setenv("HUB_TOKEN_TEAM", own.tokens["ada"])
    from hub.publish import upload

    monkeypatch.setattr(upload, "_ATTEMPTS", 1)
    sent = []
    create_commit = upload.HfApi.create_commit

    def cut(self, *arguments, **options):
        """The contents are sent, and the line is cut before the commit."""
        sent.append(1)
        self.preupload_lfs_files(options["repo_id"], options["operations"])
        own.kill()
        return create_commit(self, *arguments, **options)

    monkeypatch.setattr(upload.HfApi, "create_commit", cut)
    error = failure(*ours(folder, name, "--no-registry"))
    assert isinstance(error, SourceError), error
    assert "run the same command again, and it goes on" in error.hint
    monkeypatch.setattr(upload.HfApi, "create_commit", create_commit)
    own.start()
    done = document(*ours(folder, name, "--no-registry"))
    assert done["changed"]
    log = own.log.read_text()
    assert log.count('"method":"PUT"') == 1  # the contents went once


def test_faults_keep_it_here_and_are_told_all_at_once(mirror, folder, name):
    (folder / "config.json").write_text("{}")
    (folder / "vocab.txt").write_text("a\nb\ntoken = hf_" + "a" * 34)
    (folder / "merges.txt").write_text("")
    (folder / "tokenizer.json").write_text("{")
    result = publish(folder, "--to", f"team:{name}", "--no-answer", "--yes", "--no-registry", ok=False)
    assert isinstance(result.exception, PolicyError)
    told = result.stdout
    assert "vocab.txt holds what looks like a Hugging Face token on line 3" in told
    assert "merges.txt is empty" in told
    assert "tokenizer.json is no JSON" in told
    assert "fault\tlicence\tnone is named" in told
    assert "fault\tcard\tit names no task" in told
    assert not mirror.api("ada").repo_exists(name)


def test_a_pickle_under_a_safe_name_and_a_link_that_leads_out_are_refused(mirror, folder, name, tmp_path):
    (folder / "model.safetensors").write_bytes(b"\x80\x04\x95.")
    assert "is a pickle" in publish(*ours(folder, name), ok=False).stdout
    outside = tmp_path / "secret.json"
    outside.write_text("{}")
    (folder / "tokenizer.json").symlink_to(outside)
    error = failure(*ours(folder, name))
    assert "a link that leads out of the folder" in error.message


def test_a_hostile_card_is_refused_and_a_plain_one_is_kept(mirror, folder, name):
    (folder / "README.md").write_text("---\nx: !!python/object/apply:os.system [id]\n---\nHello")
    assert "is no plain YAML" in failure(*ours(folder, name)).message
    (folder / "README.md").write_text("---\na: &a [x]\nb: *a\n---\nHello")
    assert "has aliases" in failure(*ours(folder, name)).message
    (folder / "README.md").write_text("---\nlicense: apache-2.0\ntags: [mine]\n---\n# Mine\n\nMy own words.\n")
    arguments = [folder, "--to", f"team:{name}", "--task", "fill-mask", "--no-answer", "--no-registry", "--yes"]
    done = document(*arguments)
    assert done["entry"]["license"] == "Apache-2.0"
    assert done["entry"]["summary"] == "My own words."
    import requests

    card = read_card(requests.get(f"{mirror.url}/{name}/raw/main/README.md", timeout=10).text)
    assert card.metadata["license"] == "apache-2.0"
    assert card.metadata["pipeline_tag"] == "fill-mask"
    assert set(card.metadata["tags"]) >= {"mine", "safetensors", "openmodelhub"}
    assert card.body.startswith("# Mine\n\nMy own words.\n")
    assert f"hub run hf:{name}" in card.body
    (folder / "README.md").write_text(card.text())
    assert not document(*arguments)["changed"]


def test_a_licence_that_does_not_exist_is_refused(mirror, folder, name):
    arguments = ours(folder, name)
    arguments[arguments.index("MIT")] = "Aapche-2.0"
    result = publish(*arguments, ok=False)
    assert isinstance(result.exception, UsageError), result.exception
    assert "is no SPDX licence expression" in result.exception.message


def test_places_that_are_none_are_refused(folder, hub_home):
    for place in ("hf:name", "hf:a/b/c", "nowhere:a/b", "a/b", "hf:../x"):
        assert "is no place to publish to" in failure(folder, "--to", place).message
    assert "where to?" in failure(folder).message


def test_a_registry_that_cannot_be_pushed_to_says_what_to_do(mirror, folder, name, tmp_path, remote):
    nowhere = tmp_path / "nowhere.git"
    error = failure(*ours(folder, name, "--registry", nowhere))
    assert isinstance(error, HubError)
    assert "git clone failed" in error.message
    assert "the same command goes on" in error.hint
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho protected >&2\nexit 1\n")
    hook.chmod(0o755)
    error = failure(*ours(folder, name, "--registry", remote))
    assert isinstance(error, AccessDenied)
    assert "--fork" in error.hint
    assert any("protected" in line for line in error.details)


def test_the_entry_goes_into_a_registry_file_where_one_is_named(mirror, folder, name, tmp_path):
    path = tmp_path / "team.json"
    path.write_text('{"schema": 1, "name": "team"}')
    publish(*ours(folder, name, "--registry", path))
    assert [each["id"] for each in json.loads(path.read_text())["models"]] == [name]


def test_without_a_token_for_github_the_commands_and_the_address_are_given(mirror, folder, name, remote, monkeypatch):
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.delenv("GH_TOKEN", raising=False)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{remote}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/team/registry.git")
    said = publish(*ours(folder, name, "--registry", "https://github.com/team/registry.git")).stderr
    assert "git switch --create hub/ada-m" in said
    assert "https://github.com/team/registry/compare/main...hub/ada-m" in said.replace("%2F", "/")
    assert f'"id": "{name}"' in said
    assert git(remote, "branch", "--list", "hub/*") == ""


def test_what_passes_by_itself_is_tried_again_and_what_does_not_is_not(monkeypatch):
    import httpx

    from hub.publish import upload

    monkeypatch.setattr(upload, "_WAIT_SECONDS", 0)
    left = [httpx.ReadError("cut"), ConnectionResetError("cut")]

    def busy():
        if left:
            raise left.pop()
        return "done"

    assert upload._patiently(busy) == "done"
    asked = []

    def wrong():
        asked.append(1)
        raise ValueError("no such option")

    with pytest.raises(ValueError, match="no such option"):
        upload._patiently(wrong)
    assert len(asked) == 1


def test_a_repository_is_listed_with_its_commit_and_every_hash(mirror, folder, name, remote, tmp_path):
    from hub.cli.registry import command as registry

    api = mirror.api("ada")
    api.create_repo(name)
    head = "---\nlicense: mit\npipeline_tag: fill-mask\ntags: [small]\nlanguage: en\n---\n"
    (folder / "README.md").write_text(f"{head}# X\n\nFills in words. And so on.\n")
    commit = api.upload_folder(repo_id=name, folder_path=folder, ignore_patterns=[".git/*", ".env"]).oid
    path = tmp_path / "team.json"
    path.write_text('{"schema": 1, "name": "team"}')
    arguments = ["add", f"team:{name}", "--registry", str(path), "--alias", "mine", "--owner", "ada"]
    result = CliRunner().invoke(registry, arguments)
    assert result.exception is None, result.exception
    (entry,) = json.loads(path.read_text())["models"]
    assert (entry["id"], entry["aliases"], entry["task"]) == (name, ["mine"], "fill-mask")
    assert (entry["license"], entry["summary"], entry["tags"]) == ("MIT", "Fills in words.", ["small", "en"])
    files = {file["path"]: file for file in entry["variants"][0]["files"]}
    assert set(files) == {"model.safetensors", "config.json"}
    assert files["config.json"]["sources"] == [f"team:{name}@{commit}/config.json"]
    assert len(files["config.json"]["sha256"]) == 64
    again = CliRunner().invoke(registry, arguments)
    assert "Everything of it is listed already." in again.stderr
    assert isinstance(CliRunner().invoke(registry, ["add", str(folder), "--registry", str(path)]).exception, UsageError)


def test_what_an_entry_needs_and_nobody_says_is_asked_for_at_once(mirror, folder, name, tmp_path):
    from hub.cli.registry import command as registry

    api = mirror.api("ada")
    api.create_repo(name)
    (folder / "config.json").write_text("{}")
    api.upload_folder(repo_id=name, folder_path=folder, allow_patterns=["*.safetensors", "*.json"])
    path = tmp_path / "team.json"
    path.write_text('{"schema": 1, "name": "team"}')
    error = CliRunner().invoke(registry, ["add", f"team:{name}", "--registry", str(path)]).exception
    assert isinstance(error, UsageError)
    assert error.details == ("task: --task", "license: --license", "summary: --summary")
