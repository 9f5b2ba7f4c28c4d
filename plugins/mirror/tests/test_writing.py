"""The write side through the real client: commits, large files in one and several parts, Xet, branches, settings."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import requests
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import HfHubHTTPError

MB = 2**20


def folder_of(tmp_path: Path, big: int) -> tuple[Path, dict[str, str]]:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "README.md").write_text("# a model\n")
    (folder / "sub" / "ü.txt").write_text("text\n")
    block = os.urandom(MB)
    with (folder / "weights.bin").open("wb") as file:
        for index in range(big):
            file.write(index.to_bytes(8, "little") + block[8:])
    (folder / "empty.txt").touch()
    hashes = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return folder, hashes


def hashes_of(folder: str) -> dict[str, str]:
    root = Path(folder)
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and path.name != ".gitattributes"
    }


@pytest.mark.parametrize("xet", [False, True])
def test_a_folder_with_a_file_over_100_mb_goes_up_and_comes_back(api, repo, tmp_path, xet, request):
    if xet:
        request.getfixturevalue("with_xet")
    folder, hashes = folder_of(tmp_path, 101)
    api.upload_folder(folder_path=folder, repo_id=repo)
    assert hashes_of(api.snapshot_download(repo, cache_dir=tmp_path / "cache")) == hashes
    info = {file.rfilename: file for file in api.model_info(repo, files_metadata=True).siblings}
    assert info["weights.bin"].lfs.sha256 == hashes["weights.bin"]
    before = api.model_info(repo).sha
    api.upload_folder(folder_path=folder, repo_id=repo)  # nothing changed: nothing is sent, and no commit made
    assert api.model_info(repo).sha == before


def test_chunks_that_xet_sent_before_are_not_sent_again(api, repo, tmp_path, with_xet, shared):
    folder, _ = folder_of(tmp_path, 12)
    api.upload_folder(folder_path=folder, repo_id=repo)
    received = _counter(shared.url, "hub_received_bytes_total")
    with (folder / "weights.bin").open("ab") as file:
        file.write(os.urandom(MB))
    digest = hashlib.sha256((folder / "weights.bin").read_bytes()).hexdigest()
    api.upload_folder(folder_path=folder, repo_id=repo)
    assert _counter(shared.url, "hub_received_bytes_total") - received < 3 * MB
    found = api.hf_hub_download(repo, "weights.bin", cache_dir=tmp_path / "cache")
    assert hashlib.sha256(Path(found).read_bytes()).hexdigest() == digest


def _counter(url: str, name: str) -> float:
    lines = requests.get(f"{url}/metrics", timeout=60).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def test_a_file_in_several_parts_is_put_together(api, repo, tmp_path):
    content = os.urandom(12 * MB)  # this server takes parts of 5 MiB
    api.upload_file(path_or_fileobj=content, path_in_repo="w.bin", repo_id=repo)
    found = api.hf_hub_download(repo, "w.bin", cache_dir=tmp_path)
    assert Path(found).read_bytes() == content


def test_files_and_folders_are_deleted_and_copied(api, repo):
    api.create_commit(
        repo,
        [
            CommitOperationAdd("a.bin", b"\0" * 100),
            CommitOperationAdd("old/x.txt", b"x"),
            CommitOperationAdd("old/y/z.txt", b"z"),
            CommitOperationAdd("keep.txt", b"k"),
        ],
        commit_message="begin",
    )
    api.create_commit(
        repo,
        [CommitOperationCopy("a.bin", "b.bin"), CommitOperationDelete("old/", is_folder=True)],
        commit_message="change",
    )
    assert set(api.list_repo_files(repo)) == {".gitattributes", "a.bin", "b.bin", "keep.txt"}
    with pytest.raises(HfHubHTTPError):
        api.delete_file("nothing.txt", repo)


def test_a_gitignore_leaves_files_out(api, repo, tmp_path):
    (tmp_path / ".gitignore").write_text("*.log\nbuild/\n")
    (tmp_path / "build").mkdir()
    for name in ("a.txt", "b.log", "build/c.txt"):
        (tmp_path / name).write_text("x")
    api.upload_folder(folder_path=tmp_path, repo_id=repo)
    assert set(api.list_repo_files(repo)) == {".gitattributes", ".gitignore", "a.txt"}


def test_a_file_cannot_lie_below_a_file(api, repo):
    api.upload_file(path_or_fileobj=b"x", path_in_repo="a", repo_id=repo)
    with pytest.raises(HfHubHTTPError, match="is a file"):
        api.upload_file(path_or_fileobj=b"x", path_in_repo="a/b", repo_id=repo)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="d/e", repo_id=repo)
    with pytest.raises(HfHubHTTPError, match="is a folder"):
        api.upload_file(path_or_fileobj=b"x", path_in_repo="d", repo_id=repo)


def test_branches_and_tags_are_made_once_and_removed(api, repo):
    api.create_branch(repo, branch="dev")
    api.create_branch(repo, branch="dev", exist_ok=True)
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_branch(repo, branch="dev")
    assert caught.value.response.status_code == 409
    api.delete_branch(repo, branch="dev")
    with pytest.raises(HfHubHTTPError):
        api.delete_branch(repo, branch="main")
    api.create_tag(repo, tag="v1")
    api.create_tag(repo, tag="v1", exist_ok=True)
    api.delete_tag(repo, tag="v1")
    refs = api.list_repo_refs(repo)
    assert ([ref.name for ref in refs.branches], refs.tags) == (["main"], [])


def test_nothing_is_committed_to_a_tag(api, repo):
    api.create_tag(repo, tag="v1")
    for revision in ("v1", "refs/tags/v1"):
        with pytest.raises(HfHubHTTPError):
            api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo, revision=revision)
    assert api.list_repo_files(repo, revision="v1") == [".gitattributes"]


def test_a_repository_is_made_once_moved_and_deleted(api, repo):
    assert api.create_repo(repo, exist_ok=True).repo_id == repo
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_repo(repo)
    assert caught.value.response.status_code == 409
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo)
    api.move_repo(repo, f"{repo}-new")
    assert api.model_info(repo).id == f"{repo}-new"
    api.delete_repo(f"{repo}-new")
    assert not api.repo_exists(repo)
    api.create_repo(repo)
    assert api.list_repo_files(repo) == [".gitattributes"]


def test_history_is_squashed_to_one_commit_with_the_same_files(api, repo):
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo)
    api.super_squash_history(repo)
    assert len(api.list_repo_commits(repo)) == 1
    assert set(api.list_repo_files(repo)) == {".gitattributes", "x.txt"}


def test_a_pull_request_is_opened_discussed_and_merged(api, repo, shared):
    api.upload_file(path_or_fileobj=b"one\n", path_in_repo="a.txt", repo_id=repo)
    bob = shared.api("bob")
    made = bob.create_commit(
        repo,
        [CommitOperationAdd("a.txt", b"one\ntwo\n"), CommitOperationAdd("w.bin", b"\0" * 64)],
        commit_message="add two",
        create_pr=True,
    )
    assert made.pr_num == 1
    bob.upload_file(path_or_fileobj=b"more", path_in_repo="b.txt", repo_id=repo, revision="refs/pr/1")
    api.comment_discussion(repo, 1, "good")
    api.rename_discussion(repo, 1, new_title="two lines")
    details = api.get_discussion_details(repo, 1)
    assert "+two" in details.diff
    assert details.conflicting_files == []
    assert [event.type for event in details.events] == ["comment", "commit", "commit", "comment", "title-change"]
    with pytest.raises(HfHubHTTPError):
        bob.merge_pull_request(repo, 1)
    api.merge_pull_request(repo, 1)
    assert api.get_discussion_details(repo, 1).status == "merged"
    assert {"a.txt", "b.txt", "w.bin"} <= set(api.list_repo_files(repo))
    assert [each.num for each in api.get_repo_discussions(repo, discussion_status="closed")] == [1]
    assert api.list_repo_commits(repo)[0].title == "two lines (#1)"


def test_a_pull_request_that_conflicts_says_so_and_is_not_merged(api, repo):
    api.upload_file(path_or_fileobj=b"one", path_in_repo="a.txt", repo_id=repo)
    made = api.upload_file(path_or_fileobj=b"theirs", path_in_repo="a.txt", repo_id=repo, create_pr=True)
    api.upload_file(path_or_fileobj=b"ours", path_in_repo="a.txt", repo_id=repo)
    assert api.get_discussion_details(repo, 1).conflicting_files == ["a.txt"]
    with pytest.raises(HfHubHTTPError, match="both sides changed"):
        api.merge_pull_request(repo, 1)
    assert requests.get(f"{api.endpoint}/{repo}/resolve/main/a.txt", timeout=60).text == "ours"
    assert made.pr_revision == "refs/pr/1"


def test_discussions_are_opened_edited_hidden_and_closed(api, repo):
    opened = api.create_discussion(repo, title="a question", description="how?")
    comment = api.comment_discussion(repo, opened.num, "first")
    edited = api.edit_discussion_comment(repo, opened.num, comment.id, new_content="second")
    assert (edited.content, edited.edited, edited.number_of_edits) == ("second", True, 1)
    with pytest.warns(UserWarning, match="irreversible"):
        assert api.hide_discussion_comment(repo, opened.num, comment.id).hidden
    api.change_discussion_status(repo, opened.num, "closed", comment="done")
    assert api.get_discussion_details(repo, opened.num).status == "closed"
    draft = api.create_pull_request(repo, title="a draft")
    assert draft.status == "draft"
    assert draft.git_reference == "refs/pr/2"
