"""What must not go wrong: two writers, power cuts, wrong hashes, odd requests, full disks."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import resource
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests
from hub_mirror.catalogue.accounts import Caller
from hub_mirror.catalogue.commits import resolve
from hub_mirror.catalogue.repos import get_repo
from hub_mirror.checking import check
from hub_mirror.service import Service, Settings
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError

from tests.support.disks import small_disk
from tests.support.line import Line
from tests.support.mirror import Mirror

MB = 2**20


def ndjson(*lines: tuple[str, dict]) -> str:
    return "\n".join(json.dumps({"key": key, "value": value}) for key, value in lines)


def post(api, repo: str, body: str | bytes, revision: str = "main") -> requests.Response:
    return requests.post(
        f"{api.endpoint}/api/models/{repo}/commit/{revision}",
        data=body.encode() if isinstance(body, str) else body,
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=60,
    )


def added(path: str, content: bytes = b"x") -> tuple[str, dict]:
    return ("file", {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"})


def test_of_two_writers_on_one_parent_one_is_told_and_nothing_is_lost(api, repo):
    parent = api.model_info(repo).sha

    def write(index: int) -> int:
        try:
            api.create_commit(
                repo,
                [CommitOperationAdd(f"{index}.txt", b"x")],
                commit_message=str(index),
                parent_commit=parent,
            )
        except HfHubHTTPError as error:
            return error.response.status_code
        return 200

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(write, range(8)))
    assert sorted(results) == [200, *[412] * 7]
    assert len(api.list_repo_commits(repo)) == 2
    assert f"{results.index(200)}.txt" in api.list_repo_files(repo)


def test_writers_without_a_parent_all_succeed_one_after_the_other(own):
    ada = own.add_user("ada")
    own.start("--workers", "3")
    ada.create_repo("ada/x")
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda index: ada.upload_file(
                    path_or_fileobj=f"{index}".encode(), path_in_repo=f"{index}.txt", repo_id="ada/x"
                ),
                range(24),
            )
        )
    assert {f"{index}.txt" for index in range(24)} <= set(ada.list_repo_files("ada/x"))
    assert len(ada.list_repo_commits("ada/x")) == 25
    for _ in range(100):  # counters of the other processes come once a second
        counted = requests.get(f"{own.url}/metrics", timeout=60).text
        if "hub_commits_total 24" in counted:
            break
        time.sleep(0.1)
    assert "hub_commits_total 24" in counted


@pytest.mark.parametrize(
    ("moment", "xet"),
    [
        ("/preupload/", False),
        ("/lfs/", False),
        ("/commit/", False),
        ("/v1/xorbs", True),
        ("/v1/shards", True),
        ("/commit/", True),
    ],
)
def test_a_killed_server_leaves_no_half_commit_and_the_upload_goes_on(own, tmp_path, moment, xet, request):
    """It is killed while it answers one of the requests of an upload, some seeded milliseconds after it has come."""
    if xet:
        request.getfixturevalue("with_xet")
    chance = random.Random(f"{moment} {xet}")
    ada = own.add_user("ada")
    own.start()
    ada.create_repo("ada/x")
    folder = tmp_path / "folder"
    folder.mkdir()
    for index in range(20):
        (folder / f"{index}.txt").write_text(f"{moment} {index}")
    (folder / "w.bin").write_bytes(chance.randbytes(8 * MB))
    whole = {path.name for path in folder.iterdir()} | {".gitattributes"}
    killed = threading.Event()

    def kill(path: str) -> None:
        if moment in path and not killed.is_set():
            killed.set()
            threading.Timer(chance.uniform(0.0, 0.03), own.kill).start()

    with Line(own.url) as line, ThreadPoolExecutor(1) as client:
        line.watch = kill
        through = HfApi(endpoint=line.url, token=ada.token)
        uploading = client.submit(through.upload_folder, folder_path=folder, repo_id="ada/x")
        assert killed.wait(60)
        own.process.wait(60)
        assert state(own) in ({".gitattributes"}, whole), "half a commit"
        own.start()
        uploading.exception()  # it may have gone on by itself
        ada.upload_folder(folder_path=folder, repo_id="ada/x")
    assert set(ada.list_repo_files("ada/x")) == state(own) == whole
    found = Path(ada.hf_hub_download("ada/x", "w.bin", cache_dir=tmp_path / "cache"))
    assert found.read_bytes() == (folder / "w.bin").read_bytes()


def state(mirror: Mirror) -> set[str]:
    """Files of `ada/x`, read from a store in which nothing is wrong, without its server."""
    service = Service.open(Settings(root=mirror.root))
    with closing(service.database):
        assert list(check(service)) == []
        with service.database.reading() as connection:
            repo = get_repo(connection, "model", "ada/x", Caller())
            tree = resolve(connection, repo, "main").tree
            return {entry.path for entry in service.snapshots.open(connection, tree).scan()}


def test_a_content_with_another_hash_than_promised_is_refused(api, repo, shared):
    content = b"\0" * 1000
    wrong = hashlib.sha256(b"other").hexdigest()
    batch = requests.post(
        f"{shared.url}/{repo}.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [{"oid": wrong, "size": 1000}]},
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=60,
    ).json()
    href = batch["objects"][0]["actions"]["upload"]["href"]
    answer = requests.put(href, data=content, timeout=60)
    assert answer.status_code == 400
    assert wrong in answer.json()["error"]
    assert not list((shared.root / "blobs").rglob(wrong))
    pointer = ("lfsFile", {"path": "x.bin", "algo": "sha256", "oid": wrong, "size": 1000})
    refused = post(api, repo, ndjson(("header", {"summary": "s"}), pointer))
    assert refused.status_code == 400
    forged = href.replace(wrong, hashlib.sha256(content).hexdigest())
    assert requests.put(forged, data=content, timeout=60).status_code == 403
    assert requests.put(href.partition("?")[0], data=content, timeout=60).status_code == 403


def test_a_part_that_is_missing_or_wrong_is_refused(api, repo, shared):
    content = os.urandom(6 * MB)
    oid = hashlib.sha256(content).hexdigest()
    batch = requests.post(
        f"{shared.url}/{repo}.git/info/lfs/objects/batch",
        json={"operation": "upload", "transfers": ["multipart"], "objects": [{"oid": oid, "size": len(content)}]},
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=60,
    ).json()["objects"][0]["actions"]["upload"]
    header, complete = batch["header"], batch["href"]
    size = int(header["chunk_size"])
    assert requests.put(header["1"], data=content[: size - 1], timeout=60).status_code == 400
    first = requests.put(header["1"], data=content[:size], timeout=60).headers["ETag"].strip('"')
    body = {"oid": oid, "parts": [{"partNumber": 1, "etag": first}]}
    assert requests.post(complete, json=body, timeout=60).status_code == 400
    second = requests.put(header["2"], data=b"\0" * (len(content) - size), timeout=60).headers["ETag"].strip('"')
    body["parts"].append({"partNumber": 2, "etag": second})
    assert requests.post(complete, json=body, timeout=60).status_code == 400
    body["parts"][1]["etag"] = requests.put(header["2"], data=content[size:], timeout=60).headers["ETag"].strip('"')
    assert requests.post(complete, json=body, timeout=60).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        "/x",
        "a//b",
        "",
        ".",
        "a/./b",
        "a\\..\\x",
        "x\x00y",
        "a\nb",
        ".git/config",
        "A/.GIT/x",
        "a" * 300,
        "\ud800",
    ],
)
def test_paths_that_leave_the_folder_or_cannot_be_written_are_refused(api, repo, path):
    answer = post(api, repo, ndjson(("header", {"summary": "s"}), added(path)))
    assert answer.status_code == 400, answer.text
    assert api.list_repo_files(repo) == [".gitattributes"]


@pytest.mark.parametrize(
    "path", ["../../catalogue.sqlite", "%2e%2e/%2e%2e/catalogue.sqlite", "..%2f..%2fcatalogue.sqlite", "%00"]
)
def test_no_address_leads_out_of_a_repository(shared, repo, path):
    import http.client

    for start in (f"/{repo}/resolve/main/", f"/{repo}/blob/main/", f"/{repo}/tree/main/", "/static/"):
        with closing(http.client.HTTPConnection("127.0.0.1", shared.port, timeout=60)) as connection:
            connection.request("GET", start + path)
            answer = connection.getresponse()
            assert answer.status in {400, 401, 404}
            assert b"SQLite" not in answer.read()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json\n",
        b'{"key": "file"}\n',
        b"[1, 2]\n",
        b'{"key": "header", "value": {"summary": 7}}\n',
        b'{"key": "header", "value": {"summary": "s"}}\n{"key": "file", "value": {"path": "a", "content": "%%%"}}\n',
        b'{"key": "header", "value": {"summary": "s"}}\n{"key": "magic", "value": {}}\n',
        b'{"key": "header", "value": {"summary": "s"}}\n{"key": "lfsFile", "value": {"path": "a", "oid": "../x"}}\n',
        b"[" * 100_000,
        b"\xff\xfe\n",
    ],
)
def test_a_commit_that_is_none_is_refused_and_changes_nothing(api, repo, body):
    before = api.model_info(repo).sha
    assert post(api, repo, body).status_code == 400
    assert api.model_info(repo).sha == before


@pytest.mark.parametrize("name", ["a..b", "-a", "x.git", "ä", "a b", "", "a" * 200, ".hidden"])
def test_names_of_repositories_that_cannot_be_are_refused(api, name):
    answer = requests.post(
        f"{api.endpoint}/api/repos/create",
        json={"name": name, "type": "model"},
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=60,
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("ref", ["a..b", "-x", "a b", "x.lock", "refs/pr/9", "a" * 40, "a^b", "/x", "x~1"])
def test_names_of_branches_that_git_would_not_take_are_refused(api, repo, ref):
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_branch(repo, branch=ref)
    assert caught.value.response.status_code in {400, 404}


@pytest.mark.parametrize(
    "head",
    [
        "a: !!python/object/apply:os.system ['touch /tmp/never']",
        "a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
        "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\n"
        "f: [*e, *e, *e, *e, *e, *e, *e, *e, *e]",
        "a: &a\n  b: *a",
        "{" * 2000,
        "? [a]\n: b\n? {c: d}\n: e",
        "just text",
    ],
)
def test_a_hostile_card_is_kept_as_a_file_and_believed_in_nothing(api, repo, head):
    text = f"---\n{head}\n---\n<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>\n"
    answer = post(api, repo, ndjson(("header", {"summary": "s"}), added("README.md", text.encode())))
    assert answer.status_code == 200
    assert not api.model_info(repo).card_data or "!!" not in str(api.model_info(repo).card_data)
    page = requests.get(f"{api.endpoint}/{repo}", timeout=60)
    assert "<script" not in page.text
    assert "alert" not in page.text.replace("[x](javascript:alert(1))", "")
    assert "onerror" not in page.text
    assert 'href="javascript' not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    checked = requests.post(f"{api.endpoint}/api/validate-yaml", json={"content": text}, timeout=60)
    assert checked.status_code == 400
    assert checked.json()["errors"][0]["message"]


def test_html_of_a_repository_is_never_run(api, repo):
    api.upload_file(path_or_fileobj=b"<script>alert(1)</script>", path_in_repo="x.html", repo_id=repo)
    answer = requests.get(f"{api.endpoint}/{repo}/resolve/main/x.html", timeout=60)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_is_too_large_or_over_the_quota_is_refused(own):
    ada = own.add_user("ada", "--quota", "2000000")
    own.start("--largest", "5MB")
    ada.create_repo("ada/x")
    with pytest.raises(ValueError, match="larger than the 5000000 bytes"):
        ada.upload_file(path_or_fileobj=b"\0" * 6_000_000, path_in_repo="w.bin", repo_id="ada/x")
    with pytest.raises(HfHubHTTPError, match="Storage limit"):
        ada.upload_file(path_or_fileobj=b"\0" * 3_000_000, path_in_repo="w.bin", repo_id="ada/x")
    ada.upload_file(path_or_fileobj=b"\0" * 1_000_000, path_in_repo="w.bin", repo_id="ada/x")
    own.command("user", "quota", "ada")
    ada.upload_file(path_or_fileobj=b"\1" * 3_000_000, path_in_repo="v.bin", repo_id="ada/x")
    (row,) = json.loads(own.command("user", "list", "--json").stdout)
    assert (row["used"], row["quota"]) == (4_001_374, None)


def small_files() -> None:
    """Let no file of this process become larger than 8 MiB, and have writing fail instead of killing it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 * MB, 8 * MB))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_a_full_disk_is_said_and_leaves_no_trace(own, tmp_path):
    """A limit on the size of files stands for the disk: the write fails in the middle, as there."""
    ada = own.add_user("ada")
    own.start(preexec_fn=small_files)
    ada.create_repo("ada/x")
    content = os.urandom(12 * MB)
    oid = hashlib.sha256(content).hexdigest()
    batch = requests.post(
        f"{own.url}/ada/x.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [{"oid": oid, "size": len(content)}]},
        headers={"Authorization": f"Bearer {ada.token}"},
        timeout=60,
    ).json()
    answer = requests.put(batch["objects"][0]["actions"]["upload"]["href"], data=content, timeout=60)
    assert answer.status_code == 507
    assert "full" in answer.json()["error"]
    assert list((own.root / "incoming").iterdir()) == []
    ada.upload_file(path_or_fileobj=b"still works", path_in_repo="a.txt", repo_id="ada/x")
    own.command("check")


def test_a_disk_that_is_truly_full_takes_nothing_and_goes_on_when_there_is_room(tmp_path):
    with small_disk(tmp_path / "disk", 24 * MB) as disk:
        mirror = Mirror(disk / "root")
        mirror.log = tmp_path / "log"  # elsewhere, as it should be
        ada = mirror.add_user("ada")
        mirror.start()
        try:
            ada.create_repo("ada/x")
            with pytest.raises(RuntimeError) as caught:
                ada.upload_file(path_or_fileobj=os.urandom(30 * MB), path_in_repo="w.bin", repo_id="ada/x")
            assert "disk of this hub is full" in str(caught.value.__cause__)
            assert list((mirror.root / "incoming").iterdir()) == []
            fill(disk / "filler")
            for index in range(100):  # in the end the catalogue has no room either
                lines = ("header", {"summary": "s"}), added(f"{index}.txt", os.urandom(5000))
                if (answer := post(ada, "ada/x", ndjson(*lines))).status_code != 200:
                    break
            assert answer.status_code == 507
            before = state(mirror)
            assert f"{index}.txt" not in before
            (disk / "filler").unlink()
            ada.upload_file(path_or_fileobj=os.urandom(6 * MB), path_in_repo="w.bin", repo_id="ada/x")
            assert state(mirror) == before | {"w.bin"}
        finally:
            mirror.stop()


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(100_000))


@pytest.mark.slow
def test_a_repository_of_a_hundred_thousand_files_is_used_as_any_other(own, tmp_path):
    ada = own.add_user("ada")
    own.start()
    ada.create_repo("ada/many")
    for start in range(0, 100_000, 20_000):
        lines = [added(f"d{index % 100:02d}/f{index:06d}.txt", b"same") for index in range(start, start + 20_000)]
        assert post(ada, "ada/many", ndjson(("header", {"summary": "s"}), *lines)).status_code == 200
    ada.upload_file(path_or_fileobj=b"one more", path_in_repo="more.txt", repo_id="ada/many")
    assert len(ada.list_repo_files("ada/many")) == 100_002
    assert len(list(ada.list_repo_tree("ada/many"))) == 102
    assert ada.file_exists("ada/many", "d42/f000042.txt")


def test_an_unknown_address_or_method_is_said(shared):
    assert requests.get(f"{shared.url}/api/nothing/at/all/here", timeout=60).status_code == 404
    answer = requests.delete(f"{shared.url}/api/whoami-v2", timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
