"""Disks that are full or read-only. Mounts small file systems as root; says so where it may not."""

from __future__ import annotations

import os

import pytest

from hub.errors import StorageError
from hub.store.store import Store
from hub.types import WeightFile
from tests.support.disks import read_only, small_disk
from tests.support.faulty_server import FaultyServer, cut, unannounced, whole
from tests.support.store import listed, noise, quick, registry, tree, weight

SIZE = 3_000_000
CONTENT = noise(SIZE)


@pytest.fixture
def server():
    with FaultyServer() as running:
        yield running


def test_a_disk_that_is_too_small_is_said_before_anything_is_asked_for(tmp_path, server):
    said = pytest.raises(StorageError, match=f"{SIZE} bytes.* are free")
    with small_disk(tmp_path / "disk", 2_000_000) as disk, said as caught:
        Store(disk).pull([weight("m", CONTENT, server.put("/m", CONTENT))], label="m", sources=quick)
    assert "hub gc" in caught.value.hint
    assert server.seen == []


def test_what_can_be_resumed_counts_as_there(tmp_path, server):
    url = server.put("/m", CONTENT, cut(2_500_000), *[cut(0)] * 4, whole)
    with small_disk(tmp_path / "disk", 4_000_000) as disk:
        store = Store(disk)
        with pytest.raises(Exception, match="attempts"):
            store.pull([weight("m", CONTENT, url)], label="m", sources=quick)
        (disk / "ballast").write_bytes(b"x" * 700_000)
        assert os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize < SIZE
        artifact = store.pull([weight("m", CONTENT, url)], label="m", sources=quick)
        assert (artifact.path / "m").read_bytes() == CONTENT


def test_a_disk_that_fills_up_on_the_way_says_so_and_goes_on_when_there_is_room(tmp_path, server):
    url = server.put("/m", CONTENT)
    with small_disk(tmp_path / "disk", 6_000_000) as disk:
        store = Store(disk)

        class Filling(quick("http")):
            def fetch(self, locator, sink):
                if not (disk / "ballast").exists() and not sink.offset:
                    (disk / "ballast").write_bytes(b"x" * 4_000_000)
                super().fetch(locator, sink)

        file = weight("m", CONTENT, url)
        with pytest.raises(StorageError, match="is full"):
            store.pull([file], label="m", sources=lambda scheme: Filling)
        assert {path.partition("/")[0] for path in tree(disk / "partial")} <= {file.sha256}
        held = (disk / "partial" / file.sha256).stat().st_size
        assert tree(disk / "blobs") == tree(disk / "artifacts") == tree(disk / "sessions") == set()
        (disk / "ballast").unlink()
        artifact = store.pull([file], label="m", sources=quick)
        assert (artifact.path / "m").read_bytes() == CONTENT
        assert server.ranges("/m") == ["", f"bytes={held}-"]


def test_a_server_that_says_no_length_cannot_fill_the_disk_for_long(tmp_path, server):
    url = server.put("/m", CONTENT, unannounced(b"x" * 100_000))
    with small_disk(tmp_path / "disk", 6_000_000) as disk:
        with pytest.raises(StorageError, match="is full"):
            Store(disk).pull([WeightFile(path="m", size=None, sha256=None, sources=(url,))], label="m", sources=quick)
        assert tree(disk / "partial") == set()


def test_a_read_only_home_serves_what_it_has(hub_home, server):
    here, gone = weight("m", CONTENT, server.put("/m", CONTENT)), weight("n", b"n", server.put("/n", b"n"))
    Store().pull([here], label="m", model="t/m", sources=quick)
    with read_only(hub_home):
        store = Store()
        artifact = store.find([here])
        assert artifact is not None
        assert (artifact.path / "m").read_bytes() == CONTENT
        assert store.pull([here], label="m", model="t/other", sources=quick) == artifact
        with pytest.raises(StorageError, match="cannot be written") as caught:
            store.pull([here, gone], label="m", sources=quick)
        assert "HUB_HOME" in caught.value.hint
        with pytest.raises(StorageError):
            store.collect()
    assert [record.model for record in store.records()] == ["t/m"]


def test_a_read_only_home_without_seals_is_hashed_and_works(hub_home, server):
    here = weight("m", CONTENT, server.put("/m", CONTENT))
    store = Store()
    artifact = store.pull([here], label="m", sources=quick)
    store.layout.seal(here.sha256).unlink()
    with read_only(hub_home):
        assert Store().find([here]) == artifact


def test_commands_on_a_read_only_home(hub_home, server, run_hub, tmp_path):
    here = weight("m.gguf", CONTENT, server.put("/m", CONTENT))
    gone = weight("n.gguf", b"n", server.put("/n", b"n"))
    env = registry(tmp_path, listed("toy", {"here": [here], "gone": [gone]}))
    assert run_hub("pull", "toy:here", env=env).returncode == 0
    with read_only(hub_home):
        assert run_hub("pull", "toy:here", env=env).returncode == 0
        assert "tests/toy" in run_hub("list", env=env).stdout
        missing = run_hub("pull", "toy:gone", env=env)
        removal = run_hub("rm", "toy", "--yes", env=env)
    assert missing.returncode == removal.returncode == 1
    assert "cannot be written: Read-only file system" in missing.stderr or "Permission denied" in missing.stderr
    assert "Traceback" not in missing.stderr + removal.stderr
