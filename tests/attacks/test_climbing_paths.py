"""Registry entries, servers and disks that try to write outside the store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.errors import PolicyError
from hub.store.store import Store
from hub.types import WeightFile
from tests.support.faulty_server import FaultyServer
from tests.support.store import listed, noise, quick, registry, weight

CONTENT = noise(50_000)


@pytest.fixture
def server():
    with FaultyServer() as running:
        running.put("/m", CONTENT)
        yield running


def below(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("path", ["../../../../out", "/out", "a/../../../out", "..", "a\\..\\..\\out"])
def test_a_path_that_climbs_is_refused_before_anything_is_asked_for(hub_home, server, path):
    before = below(hub_home.parent)
    with pytest.raises(PolicyError) as caught:
        Store().pull([weight(path, CONTENT, server.url("/m"))], label="m", sources=quick)
    assert caught.value.exit_code == 4
    assert below(hub_home.parent) == before
    assert server.seen == []


def test_a_registry_with_a_climbing_path_is_refused_by_the_command(hub_home, server, tmp_path, run_hub):
    env = registry(tmp_path, listed("toy", {"one": [weight("../../../out", CONTENT, server.url("/m"))]}))
    result = run_hub("pull", "toy", env=env)
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    assert not list(hub_home.parent.rglob("out"))
    assert server.seen == []


def test_a_hash_is_no_way_out_either(hub_home, server):
    file = WeightFile(path="m", size=len(CONTENT), sha256="/../../../out", sources=(server.url("/m"),))
    with pytest.raises(PolicyError):
        Store().pull([file], label="m", sources=quick)
    assert not list(hub_home.parent.rglob("out"))


def test_a_link_that_was_planted_in_an_artifact_is_not_written_through(hub_home, server, tmp_path):
    store = Store()
    file = weight("sub/m", CONTENT, server.url("/m"))
    artifact = store.pull([file], label="m", sources=quick)
    outside = tmp_path / "outside"
    outside.mkdir()
    (artifact.path / "sub/m").unlink()
    (artifact.path / "sub").rmdir()
    (artifact.path / "sub").symlink_to(outside)
    again = store.pull([file], label="m", sources=quick)
    assert list(outside.iterdir()) == []
    assert (again.path / "sub/m").read_bytes() == CONTENT


def test_a_link_in_place_of_a_blob_is_not_trusted_or_written_through(hub_home, server, tmp_path):
    store = Store()
    file = weight("m", CONTENT, server.url("/m"))
    store.layout.prepare()
    blob = store.layout.blob(file.sha256)
    blob.parent.mkdir()
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    blob.symlink_to(victim)
    artifact = store.pull([file], label="m", sources=quick)
    assert (artifact.path / "m").read_bytes() == CONTENT
    assert victim.read_bytes() == b"mine"


def test_a_pipe_in_place_of_a_blob_is_not_waited_for(hub_home, server):
    store = Store()
    file = weight("m", CONTENT, server.url("/m"))
    store.layout.prepare()
    blob = store.layout.blob(file.sha256)
    blob.parent.mkdir()
    os.mkfifo(blob)
    assert (store.pull([file], label="m", sources=quick).path / "m").read_bytes() == CONTENT


def test_removal_of_a_linked_folder_leaves_what_it_leads_to(hub_home, server, tmp_path):
    store = Store()
    store.layout.prepare()
    (tmp_path / "precious").write_bytes(b"mine")
    (store.layout.artifacts / ("0" * 64)).symlink_to(tmp_path)
    assert [item.size for item in store.collect()] == [0]
    assert (tmp_path / "precious").exists()
