"""The read side through the real client: downloads, infos, lists, trees, refs, commits."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
import requests
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, HfFileSystem, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

ODD = (
    "sub dir/ä#%.txt",
    "100%25.txt",
    "日本語/ファイル.json",
    "a+b&c=d.txt",
    "e\u0301.txt",
    "quote'\".txt",
    "x;y?.txt",
)


def commit(api: HfApi, repo: str, files: dict[str, bytes], **options):
    return api.create_commit(
        repo, [CommitOperationAdd(path, data) for path, data in files.items()], commit_message="add", **options
    )


def test_what_was_committed_is_downloaded_byte_for_byte(api, repo, tmp_path):
    big = os.urandom(7_000_000)
    commit(api, repo, {"README.md": b"# hi\n", "big.bin": big})
    folder = Path(api.snapshot_download(repo, cache_dir=tmp_path))
    assert (folder / "big.bin").read_bytes() == big
    assert (folder / "README.md").read_bytes() == b"# hi\n"
    assert folder.name == api.model_info(repo).sha


def test_odd_and_non_ascii_names_come_back(api, repo, tmp_path):
    commit(api, repo, {path: path.encode() for path in ODD})
    assert set(ODD) <= set(api.list_repo_files(repo))
    for path in ODD:
        found = hf_hub_download(repo, path, endpoint=api.endpoint, cache_dir=tmp_path, token=api.token)
        assert Path(found).read_bytes() == path.encode()
    assert {each.path for each in api.get_paths_info(repo, [*ODD, "nothing"])} == set(ODD)


def test_a_missing_file_revision_or_repository_is_told_apart(api, repo, shared, tmp_path):
    commit(api, repo, {"a.txt": b"a"})
    with pytest.raises(EntryNotFoundError):
        hf_hub_download(repo, "b.txt", endpoint=api.endpoint, cache_dir=tmp_path, token=api.token)
    with pytest.raises(RevisionNotFoundError):
        api.model_info(repo, revision="nothing")
    for who in (api, shared.api()):
        with pytest.raises(RepositoryNotFoundError):
            who.model_info("ada/nothing")
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("word")
    head = requests.head(f"{api.endpoint}/{repo}/resolve/main/b.txt", timeout=60)
    assert head.status_code == 404
    assert head.headers["X-Error-Code"] == "EntryNotFound"
    assert head.headers["X-Repo-Commit"] == api.model_info(repo).sha
    assert not (tmp_path / "nothing").exists()


def test_ranges_and_etags_are_those_of_the_standard(api, repo):
    content = bytes(range(256)) * 40
    commit(api, repo, {"x.bin": content, "t.txt": b"hello"})
    url = f"{api.endpoint}/{repo}/resolve/main/x.bin"
    whole = requests.get(url, timeout=60)
    assert whole.content == content
    etag = whole.headers["ETag"]
    for asked, start, stop in (("0-9", 0, 10), ("100-", 100, len(content)), ("-7", len(content) - 7, len(content))):
        part = requests.get(url, headers={"Range": f"bytes={asked}"}, timeout=60)
        assert part.status_code == 206
        assert part.content == content[start:stop]
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(content)}"
    beyond = requests.get(url, headers={"Range": f"bytes={len(content)}-"}, timeout=60)
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(content)}"
    assert requests.get(url, headers={"If-None-Match": etag}, timeout=60).status_code == 304
    other = requests.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'}, timeout=60)
    assert (other.status_code, other.content) == (200, content)
    import hashlib

    assert etag == f'"{hashlib.sha256(content).hexdigest()}"'
    small = requests.head(f"{api.endpoint}/{repo}/resolve/main/t.txt", timeout=60)
    assert small.headers["ETag"] == '"' + hashlib.sha1(b"blob 5\0hello").hexdigest() + '"'


def test_info_says_what_the_hub_says(api, repo):
    card = b"---\nlicense: mit\npipeline_tag: text-generation\ntags: [tiny]\nlanguage: de\n---\n# x\n"
    commit(api, repo, {"README.md": card, "model.safetensors": b"\0" * 100, "config.json": b'{"model_type": "bert"}'})
    info = api.model_info(repo, files_metadata=True)
    files = {file.rfilename: file for file in info.siblings}
    assert files["model.safetensors"].lfs.size == 100
    assert files["README.md"].size == len(card)
    assert files["README.md"].blob_id
    assert {"license:mit", "tiny", "de", "safetensors", "transformers", "bert"} <= set(info.tags)
    assert (info.pipeline_tag, info.library_name, info.card_data.license) == ("text-generation", "transformers", "mit")
    assert set(vars(api.model_info(repo, expand=["downloads"]))) >= {"downloads"}


def test_lists_are_searched_filtered_sorted_and_paged(api):
    import secrets

    mark = secrets.token_hex(4)
    for index in range(5):
        name = f"ada/p{mark}-{index}"
        api.create_repo(name)
        text = f"---\ntags: [odd-{mark}]\npipeline_tag: fill-mask\n---\n" if index % 2 else "# none\n"
        commit(api, name, {"README.md": text.encode()})
    ids = [model.id for model in api.list_models(search=f"p{mark}")]
    assert ids == [f"ada/p{mark}-{index}" for index in (4, 3, 2, 1, 0)]
    assert [m.id for m in api.list_models(filter=f"odd-{mark}")] == [f"ada/p{mark}-3", f"ada/p{mark}-1"]
    assert len(list(api.list_models(search=mark, pipeline_tag="fill-mask"))) == 2
    assert [m.id for m in api.list_models(search=mark, limit=2)] == ids[:2]
    assert list(api.list_models(search=mark, author="bob")) == []
    pages, url = [], f"{api.endpoint}/api/models?search={mark}&limit=2"
    while url:
        response = requests.get(url, timeout=60)
        pages.append([model["id"] for model in response.json()])
        url = response.links.get("next", {}).get("url")
    assert pages == [ids[0:2], ids[2:4], ids[4:]]


def test_search_takes_wildcards_of_the_database_as_letters(api, repo):
    assert list(api.list_models(search="%")) == []
    assert list(api.list_models(search="ada_t")) == []


def test_trees_are_listed_flat_and_whole_with_the_commit_of_each_path(api, repo):
    first = commit(api, repo, {"a/b/c.txt": b"1", "a/d.txt": b"2", "a-b.txt": b"3"})
    second = commit(api, repo, {"a/d.txt": b"4"})
    flat = [each.path for each in api.list_repo_tree(repo)]
    assert flat == [".gitattributes", "a-b.txt", "a"]
    assert [each.path for each in api.list_repo_tree(repo, "a")] == ["a/b", "a/d.txt"]
    whole = {each.path: each for each in api.list_repo_tree(repo, recursive=True, expand=True)}
    assert set(whole) == {".gitattributes", "a-b.txt", "a", "a/b", "a/b/c.txt", "a/d.txt"}
    assert whole["a/b/c.txt"].last_commit.oid == first.oid
    assert whole["a/d.txt"].last_commit.oid == second.oid
    assert whole["a"].last_commit.oid == second.oid
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree(repo, "nothing"))


def test_a_tree_of_several_pages_is_complete_and_has_nothing_twice(api, repo):
    files = {f"d{index % 7}/e{index % 3}/f{index:04d}.txt": b"x" for index in range(1500)}
    commit(api, repo, files)
    found = [each.path for each in api.list_repo_tree(repo, recursive=True)]
    assert len(found) == len(set(found))
    folders = {path.rpartition("/")[0] for path in files} | {f"d{index}" for index in range(7)}
    assert set(found) == {*files, *folders, ".gitattributes"}


def test_every_kind_of_revision_can_be_read(api, repo):
    first = commit(api, repo, {"v.txt": b"1"})
    api.create_tag(repo, tag="v1.0")
    api.create_branch(repo, branch="feat/x")
    commit(api, repo, {"v.txt": b"2"}, revision="feat/x")
    pull = commit(api, repo, {"v.txt": b"3"}, create_pr=True)

    def read(revision: str) -> str:
        quoted = revision.replace("/", "%2F")
        return requests.get(f"{api.endpoint}/{repo}/resolve/{quoted}/v.txt", timeout=60).text

    assert [read(name) for name in ("main", "v1.0", first.oid, first.oid[:8], "feat/x", pull.pr_revision)] == list(
        "111123"
    )
    refs = api.list_repo_refs(repo, include_pull_requests=True)
    assert {ref.name for ref in refs.branches} == {"main", "feat/x"}
    assert [(ref.name, ref.target_commit) for ref in refs.tags] == [("v1.0", first.oid)]
    assert [ref.ref for ref in refs.pull_requests] == ["refs/pr/1"]


def test_history_is_paged_newest_first(api, repo):
    for index in range(60):
        commit(api, repo, {"n.txt": str(index).encode()})
    commits = api.list_repo_commits(repo)
    assert len(commits) == 61
    assert commits[-1].title == "initial commit"
    assert all(a.created_at >= b.created_at for a, b in pairwise(commits))
    assert commits[0].authors == ["ada"]


def test_the_file_system_of_the_client_reads_writes_and_globs(api, repo, shared):
    fs = HfFileSystem(endpoint=shared.url, token=shared.tokens["ada"], skip_instance_cache=True)
    with fs.open(f"{repo}/a/b.txt", "w") as file:
        file.write("hello")
    fs.invalidate_cache()
    assert fs.glob(f"{repo}/**/*.txt") == [f"{repo}/a/b.txt"]
    assert fs.cat(f"{repo}/a/b.txt") == b"hello"
    fs.rm(f"{repo}/a/b.txt")
    fs.invalidate_cache()
    assert not fs.exists(f"{repo}/a/b.txt")


def test_safetensors_headers_are_read_by_range(api, repo):
    import json

    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
    content = len(header).to_bytes(8, "little") + header + b"\0" * 16
    index = {"metadata": {"total_size": 16}, "weight_map": {"w": "model-1.safetensors"}}
    commit(api, repo, {"model.safetensors": content})
    assert api.get_safetensors_metadata(repo).parameter_count == {"F32": 4}
    api.create_commit(
        repo,
        [
            CommitOperationDelete("model.safetensors"),
            CommitOperationAdd("model-1.safetensors", content),
            CommitOperationAdd("model.safetensors.index.json", json.dumps(index).encode()),
        ],
        commit_message="shards",
    )
    found = api.get_safetensors_metadata(repo)
    assert (found.sharded, found.parameter_count, found.weight_map) == (True, {"F32": 4}, {"w": "model-1.safetensors"})


def test_datasets_and_spaces_are_repositories_of_their_own(api, repo, tmp_path):
    for kind, options in (("dataset", {}), ("space", {"space_sdk": "gradio"})):
        api.create_repo(repo, repo_type=kind, **options)
        api.upload_file(path_or_fileobj=kind.encode(), path_in_repo="k.txt", repo_id=repo, repo_type=kind)
        found = api.hf_hub_download(repo, "k.txt", repo_type=kind, cache_dir=tmp_path)
        assert Path(found).read_text() == kind
    assert api.repo_info(repo, repo_type="space").sdk == "gradio"
    assert not api.file_exists(repo, "k.txt")


def test_ids_are_the_same_in_any_case(api, repo):
    assert api.model_info(repo.upper()).id == repo
