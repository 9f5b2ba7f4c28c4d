"""From another hub: pulled, exported and imported, fetched through the proxy; and upstreams that lie or go away."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from hub_mirror.parcel import take_in
from hub_mirror.service import Service, Settings
from huggingface_hub.errors import HfHubHTTPError

from hub.errors import VerificationError
from tests.support.line import Line
from tests.support.mirror import Mirror

MB = 2**20


@pytest.fixture(scope="module")
def origin(tmp_path_factory) -> Iterator[Mirror]:
    """The upstream: another mirror."""
    mirror = Mirror(tmp_path_factory.mktemp("origin") / "root")
    ada = mirror.add_user("ada")
    mirror.start()
    ada.create_repo("ada/m")
    folder = tmp_path_factory.mktemp("files")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# m\n")
    (folder / "config.json").write_text("{}")
    (folder / "w.bin").write_bytes(os.urandom(8 * MB))
    (folder / "ü ö").mkdir()
    (folder / "ü ö" / "x#%.txt").write_text("x")
    ada.upload_folder(folder_path=folder, repo_id="ada/m")
    ada.create_tag("ada/m", tag="v1")
    yield mirror
    mirror.stop()


@pytest.fixture
def between(origin) -> Iterator[Line]:
    """The line to the upstream, which may be spoilt, and counts."""
    with Line(origin.url) as line:
        yield line


def digest(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def files_of(api, tmp_path, name="ada/m", **options) -> dict[str, str]:
    folder = Path(api.snapshot_download(name, cache_dir=tmp_path, **options))
    return {str(path.relative_to(folder)): digest(path) for path in folder.rglob("*") if path.is_file()}


def test_a_pull_brings_the_same_files_under_the_same_commit(origin, own, tmp_path):
    result = own.command("pull", "ada/m", "ada/m@v1", "--from", origin.url)
    assert "5 files, 5 fetched" in result.stdout
    assert "5 files, 0 fetched" in result.stdout
    own.start()
    assert files_of(own.api(), tmp_path / "b") == files_of(origin.api(), tmp_path / "a")
    assert own.api().model_info("ada/m").sha == origin.api().model_info("ada/m").sha
    assert own.api().model_info("ada/m").card_data.license == "mit"
    own.command("check")
    own.command("gc", "--grace", "0")
    own.command("check")
    assert files_of(own.api(), tmp_path / "c") == files_of(origin.api(), tmp_path / "a")


def test_a_pull_of_some_files_has_those_alone_and_another_adds_to_them(origin, own, tmp_path):
    own.command("pull", "ada/m", "--from", origin.url, "--include", "*.json", "--include", "README.md")
    own.start()
    assert set(files_of(own.api(), tmp_path / "a")) == {"config.json", "README.md"}
    own.command("pull", "ada/m", "--from", origin.url, "--exclude", "*.bin")
    assert set(own.api().list_repo_files("ada/m")) == {"config.json", "README.md", ".gitattributes", "ü ö/x#%.txt"}
    assert own.command("pull", "ada/m", "--from", origin.url, "--include", "*.gguf", ok=False).returncode == 2


def test_a_pull_that_was_cut_goes_on_where_it_was(between, own):
    between.faults.cuts, between.faults.cut_after = 1, 4 * MB
    result = own.command("pull", "ada/m", "--from", between.url, ok=False)
    assert result.returncode == 1
    assert "broke off" in result.stderr
    (partial,) = (own.root / "incoming").iterdir()
    assert partial.stat().st_size >= 3 * MB
    assert "5 files, 1 fetched" in own.command("pull", "ada/m", "--from", between.url).stdout
    own.command("check")


@pytest.mark.parametrize(
    ("fault", "value", "code", "said"),
    [
        ("zeros", True, 4, "something else than it promised"),
        ("climbing", "../con.json", 1, "cannot be the path"),
    ],
)
def test_an_upstream_that_lies_is_not_believed(between, own, fault, value, code, said):
    setattr(between.faults, fault, value)
    result = own.command("pull", "ada/m", "--from", between.url, ok=False)
    assert (result.returncode, said in result.stderr) == (code, True), result.stderr
    assert not [path for path in (own.root / "blobs").rglob("*") if path.is_file()]
    own.command("check")


def test_what_is_made_here_is_not_replaced_by_a_pull(origin, own):
    ada = own.add_user("ada")
    own.start()
    ada.create_repo("ada/m")
    result = own.command("pull", "ada/m", "--from", origin.url, ok=False)
    assert (result.returncode, "was made on this hub" in result.stderr) == (2, True)
    assert own.command("pull", "ada/none", "--from", origin.url, ok=False).returncode == 1
    assert own.command("pull", "ada/m", "--from", "http://127.0.0.1:9", ok=False).returncode == 1


def test_the_proxy_fetches_each_file_once_for_many_clients(between, own, tmp_path):
    between.faults.drip = 0.05
    own.start("--proxy", between.url, "--workers", "2")
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(
                lambda index: own.api().hf_hub_download("ada/m", "w.bin", cache_dir=tmp_path / str(index)), range(8)
            )
        )
    assert len({digest(path) for path in found}) == 1
    assert between.count("w.bin") == 1
    assert between.count("/api/") == 1
    between.stop()
    assert len(files_of(own.api(), tmp_path / "again", allow_patterns="w.bin")) == 1


def test_the_proxy_streams_while_it_fetches(between, own):
    between.faults.stall, between.faults.cut_after = threading.Event(), 4 * MB
    own.start("--proxy", between.url)
    with requests.get(f"{own.url}/ada/m/resolve/main/w.bin", stream=True, timeout=60) as answer:
        pieces = answer.iter_content(1000)
        assert len(next(pieces)) == 1000  # while the upstream keeps the rest back
        between.faults.stall.set()
        assert sum(map(len, pieces)) == 8 * MB - 1000


def test_the_proxy_gives_what_it_has_when_the_upstream_is_gone(between, own, tmp_path):
    own.start("--proxy", between.url, "--fresh", "0")
    before = files_of(own.api(), tmp_path / "a")
    between.stop()
    assert files_of(own.api(), tmp_path / "b") == before
    assert requests.get(f"{own.url}/api/models/ada/other", timeout=60).status_code == 502


def test_the_proxy_gives_nobody_a_whole_file_that_is_wrong(between, own, tmp_path):
    own.start("--proxy", between.url)
    between.faults.zeros = True
    for name in ("w.bin", "config.json"):
        with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
            requests.get(f"{own.url}/ada/m/resolve/main/{name}", timeout=60)
    assert not [path for path in (own.root / "blobs").rglob("*") if path.is_file()]
    between.faults.zeros = False
    assert len(files_of(own.api(), tmp_path)) == 5


def test_the_proxy_says_of_what_is_missing_what_the_hub_says(between, own):
    own.start("--proxy", between.url)
    with pytest.raises(HfHubHTTPError) as caught:
        own.api().model_info("ada/none")
    assert caught.value.response.headers["X-Error-Code"] == "RepoNotFound"
    with pytest.raises(HfHubHTTPError) as caught:
        own.api().model_info("ada/m", revision="none")
    assert caught.value.response.status_code in {401, 404}


def test_the_proxy_finds_a_repository_by_the_name_that_it_had(origin, own, between):
    ada = origin.api("ada")
    ada.create_repo("ada/first")
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="ada/first")
    ada.move_repo("ada/first", "ada/second")
    own.start("--proxy", between.url)
    for name in ("ada/first", "ada/second", "ada/first"):
        assert own.api().model_info(name).id == "ada/second"
        assert requests.get(f"{own.url}/{name}/resolve/main/x.txt", timeout=60).text == "x"
    assert between.count("/api/") == 1


def test_an_exported_repository_is_the_same_after_its_import(origin, own, tmp_path):
    parcel = tmp_path / "m.parcel"
    origin.command("export", "ada/m", "--out", str(parcel))
    assert own.command("import", str(parcel)).stdout.split() == ["ada/m"]
    own.start()
    here, there = own.api(), origin.api()
    assert files_of(here, tmp_path / "b") == files_of(there, tmp_path / "a")
    assert [c.commit_id for c in here.list_repo_commits("ada/m")] == [
        c.commit_id for c in there.list_repo_commits("ada/m")
    ]
    assert here.list_repo_refs("ada/m").tags == there.list_repo_refs("ada/m").tags
    own.command("import", str(parcel))  # again changes nothing
    own.command("check")


def test_a_parcel_that_is_cut_or_changed_is_refused_whole(origin, own, tmp_path):
    parcel = tmp_path / "m.parcel"
    origin.command("export", "ada/m", "--out", str(parcel))
    data = parcel.read_bytes()
    bad = tmp_path / "bad.parcel"
    seal = data.rindex(b"seal.json")
    cuts = (data[: len(data) // 2], data[:seal], data[: seal + 540], b"")
    service = Service.open(Settings(root=own.root))
    for damaged in (*cuts, b"x" + data[1:], _flipped(data, len(data) // 2), _flipped(data, seal + 520)):
        bad.write_bytes(damaged)
        with pytest.raises(VerificationError):
            take_in(service, bad)
    service.database.close()
    result = own.command("import", str(bad), ok=False)
    assert result.returncode == 4, result.stderr
    assert not [path for path in (own.root / "blobs").rglob("*") if path.is_file()]
    assert own.command("user", "list").stdout == ""
    assert own.command("org", "list").stdout == ""


def _flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def test_an_import_does_not_replace_another_history(origin, own, tmp_path):
    parcel = tmp_path / "m.parcel"
    origin.command("export", "ada/m", "--out", str(parcel))
    ada = own.add_user("ada")
    own.start()
    ada.create_repo("ada/m")
    result = own.command("import", str(parcel), ok=False)
    assert (result.returncode, "has commits here" in result.stderr) == (2, True)
    assert ada.list_repo_files("ada/m") == [".gitattributes"]
