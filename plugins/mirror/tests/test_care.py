"""`hub mirror check` and `gc`, beside a server that is at work."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
import requests
from hub_mirror.database import migrations
from hub_mirror.service import Service, Settings
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import HfHubHTTPError

from hub.errors import StorageError


@pytest.fixture
def busy(own):
    """A hub with one repository that holds a large file, whose history holds another."""
    ada = own.add_user("ada")
    own.start()
    ada.create_repo("ada/x")
    ada.upload_file(path_or_fileobj=b"\0" * 5000, path_in_repo="w.bin", repo_id="ada/x")
    ada.upload_file(path_or_fileobj=b"\1" * 6000, path_in_repo="w.bin", repo_id="ada/x")
    return own


def contents(mirror) -> int:
    return sum(path.is_file() for path in (mirror.root / "blobs").rglob("*"))


def test_check_finds_each_damaged_and_missing_content(busy):
    assert json.loads(busy.command("check", "--json").stdout)["faults"] == []
    blobs = sorted(
        (path for path in (busy.root / "blobs").rglob("*") if path.is_file()), key=lambda p: p.stat().st_size
    )
    _, damaged, missing = blobs
    damaged.chmod(0o600)
    data = bytearray(damaged.read_bytes())
    data[17] ^= 1
    damaged.write_bytes(data)
    missing.unlink()
    result = busy.command("check", ok=False)
    assert result.returncode == 4
    assert f"content {damaged.name} is damaged" in result.stdout
    assert f"content {missing.name} cannot be read" in result.stdout
    assert "ada/x@" in result.stdout
    assert f"content {damaged.name}" not in busy.command("check", "--quick", ok=False).stdout


def test_metrics_are_what_prometheus_reads_and_lose_no_digit(busy):
    parser = pytest.importorskip("prometheus_client.parser")
    ada = busy.api("ada")
    ada.create_repo("ada/data", repo_type="dataset")
    ada.upload_file(path_or_fileobj=b"\0" * 12_345_678, path_in_repo="large.bin", repo_id="ada/x")
    text = requests.get(f"{busy.url}/metrics", timeout=60).text
    families = {family.name: family for family in parser.text_string_to_metric_families(text)}
    (received,) = families["hub_received_bytes"].samples
    assert received.value == 12_345_678 + 5000 + 6000
    assert {each.labels["kind"]: each.value for each in families["hub_repositories"].samples} == {
        "model": 1,
        "dataset": 1,
    }
    bounds = [each for each in families["hub_request_seconds"].samples if each.name.endswith("_bucket")]
    assert [each.value for each in bounds] == sorted(each.value for each in bounds)
    (count,) = [each.value for each in families["hub_request_seconds"].samples if each.name.endswith("_count")]
    assert count == bounds[-1].value == sum(each.value for each in families["hub_requests"].samples)


def test_gc_keeps_what_a_commit_refers_to_and_removes_the_rest(busy, tmp_path):
    ada = busy.api("ada")
    assert contents(busy) == 3
    busy.command("gc", "--grace", "0")
    assert contents(busy) == 3  # history is kept
    ada.super_squash_history("ada/x")
    assert json.loads(busy.command("gc", "--grace", "0", "--json").stdout)["commits"] == 3
    assert contents(busy) == 2
    ada.hf_hub_download("ada/x", "w.bin", cache_dir=tmp_path)
    ada.delete_repo("ada/x")
    busy.command("gc", "--grace", "0", "--dry-run")
    assert contents(busy) == 2
    busy.command("gc", "--grace", "0")
    assert contents(busy) == 0
    busy.command("check")


def test_gc_leaves_an_upload_whose_commit_is_still_to_come(busy):
    ada = busy.api("ada")
    operation = CommitOperationAdd("late.bin", b"\2" * 7000)
    ada.preupload_lfs_files("ada/x", [operation])
    busy.command("gc")
    ada.create_commit("ada/x", [operation], commit_message="late")
    busy.command("check")


def test_writers_and_gc_at_once_lose_nothing(busy):
    ada = busy.api("ada")
    ended = threading.Event()
    runs = []

    def sweep() -> None:
        while not ended.is_set():
            runs.append(busy.command("gc", "--grace", "0", ok=False).returncode)

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    kept = {}
    try:
        for index in range(15):
            content = os.urandom(3000) + b"\0"
            name = f"f{index}.{'bin' if index % 2 else 'txt'}"
            for _ in range(20):  # an upload may be collected before its commit: the commit says so, and is sent again
                try:
                    ada.upload_file(path_or_fileobj=content, path_in_repo=name, repo_id="ada/x")
                    break
                except (HfHubHTTPError, RuntimeError) as error:  # of an upload the client tells in a RuntimeError
                    said = f"{error} {error.__cause__}"
                    if "was not uploaded" not in said and "has not come" not in said:
                        raise
            kept[name] = content
    finally:
        ended.set()
        sweeper.join()
    assert runs
    assert set(runs) == {0}
    for name, content in kept.items():
        assert requests.get(f"{busy.url}/ada/x/resolve/main/{name}", timeout=60).content == content
    busy.command("check")


def test_after_gc_a_xet_client_sends_again_what_it_had_sent(busy, with_xet, tmp_path):
    ada = busy.api("ada")
    content = os.urandom(300_000)
    ada.upload_file(path_or_fileobj=content, path_in_repo="x.bin", repo_id="ada/x")
    ada.delete_repo("ada/x")
    busy.command("gc", "--grace", "0")
    ada.create_repo("ada/x")
    ada.upload_file(path_or_fileobj=content, path_in_repo="x.bin", repo_id="ada/x")
    found = ada.hf_hub_download("ada/x", "x.bin", cache_dir=tmp_path)
    assert Path(found).read_bytes() == content


def test_a_catalogue_of_a_newer_version_is_left_alone(own):
    own.command("user", "add", "ada")
    with closing(sqlite3.connect(own.root / "catalogue.sqlite")) as database:
        database.execute("PRAGMA user_version = 99")
    result = own.command("user", "list", ok=False)
    assert (result.returncode, "newer version" in result.stderr) == (1, True)
    (own.root / "catalogue.sqlite").write_bytes(b"no catalogue" * 1000)
    assert "cannot be opened" in own.command("user", "list", ok=False).stderr


def test_a_migration_that_fails_changes_nothing_and_the_next_one_goes_on(tmp_path, monkeypatch):
    service = Service.open(Settings(root=tmp_path / "root"))
    database, first = service.database, migrations()
    second = (2, "CREATE TABLE extra (x INTEGER);\n")

    def state() -> tuple[int, int]:
        tables = database.connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'extra'").fetchone()[0]
        return database.connection.execute("PRAGMA user_version").fetchone()[0], tables

    before = database.connection.execute("SELECT * FROM meta ORDER BY name").fetchall()
    monkeypatch.setattr("hub_mirror.database.migrations", lambda: [*first, second, (3, "CREATE NONSENSE;\n")])
    with pytest.raises(StorageError, match="cannot be opened"):
        database.migrate()
    assert state() == (first[-1][0], 0)
    monkeypatch.setattr("hub_mirror.database.migrations", lambda: [*first, second])
    database.migrate()
    database.migrate()
    assert state() == (2, 1)
    assert database.connection.execute("SELECT * FROM meta ORDER BY name").fetchall() == before
    database.close()


def test_a_transaction_that_cannot_end_leaves_none_open(tmp_path):
    """Foreign keys that are looked at in the end stand for a disk that is full by then."""
    database = Service.open(Settings(root=tmp_path / "root")).database

    def write(connection: sqlite3.Connection, value: str) -> None:
        connection.execute("INSERT INTO meta VALUES ('x', ?)", (value,))

    def fail_in_the_end() -> None:
        with database.writing() as connection:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            write(connection, "lost")
            connection.execute("INSERT INTO members VALUES (7, 8, 'read')")

    with pytest.raises(sqlite3.IntegrityError):
        fail_in_the_end()
    with database.writing() as connection:
        write(connection, "kept")
    assert database.connection.execute("SELECT value FROM meta WHERE name = 'x'").fetchone()[0] == "kept"
    database.close()


@pytest.mark.parametrize("command", [("check",), ("gc",), ("user", "list"), ("token", "add", "ada")])
def test_a_wrong_root_does_not_pass_for_an_empty_mirror(own, command):
    result = own.command(*command, ok=False)
    assert (result.returncode, f"there is no mirror in {own.root}" in result.stderr) == (1, True)
    assert not own.root.exists()


def test_a_folder_that_cannot_hold_a_mirror_is_said(own):
    own.root.write_text("a file")
    result = own.command("user", "list", ok=False)
    assert result.returncode in {1, 2}
    assert "root" in result.stderr
