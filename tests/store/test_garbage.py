"""Records, removal, and what is garbage."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from hub.errors import StorageError
from hub.store.session import Session
from hub.store.store import Store
from tests.support.faulty_server import FaultyServer
from tests.support.store import noise, quick, tree, weight

BIG, SMALL, SHARED = noise(50_000), noise(20_000, seed=1), noise(10_000, seed=2)


@pytest.fixture
def store(hub_home) -> Store:
    return Store()


@pytest.fixture
def pull(store):
    with FaultyServer() as server:

        def get(model: str, variant: str, *contents: bytes, **options: object):
            files = [
                weight(f"{number}.bin", content, server.put(f"/{hash(content)}", content))
                for number, content in enumerate(contents)
            ]
            return store.pull(files, label="t", model=model, variant=variant, format="gguf", sources=quick, **options)

        yield get


def kinds(items):
    return sorted((item.kind, item.size) for item in items)


def test_a_record_tells_what_was_pulled_and_from_where(store, pull):
    artifact = pull("t/one", "v", BIG, reference="one:v", revision="abc")
    (record,) = store.records()
    assert (record.model, record.variant, record.name, record.format) == ("t/one", "v", "t/one:v", "gguf")
    assert (record.reference, record.revision, record.digest) == ("one:v", "abc", artifact.digest)
    assert record.size == len(BIG) == store.size_on_disk(record)
    assert record.files[0].source == artifact.files[0].sources[0]
    assert record.pulled.endswith("+00:00")


def test_a_pull_of_what_is_there_keeps_the_time_of_its_record(store, pull):
    pull("t/one", "v", BIG)
    first = store.records()
    pull("t/one", "v", BIG)
    assert store.records() == first


def test_a_pull_without_a_model_keeps_no_record_and_is_garbage(store, pull):
    pull("", "", BIG)
    assert store.records() == []
    assert kinds(store.garbage()) == [("artifact", 0), ("blob", len(BIG))]


def test_what_a_record_names_is_no_garbage(store, pull):
    pull("t/one", "v", BIG, SHARED)
    assert store.garbage() == store.collect() == []


def test_files_that_are_kept_by_their_hashes_stay_with_their_folder(store, pull):
    data = pull("", "", BIG)
    mixed = pull("", "", BIG, SMALL)
    kept = {data.files[0].sha256}
    assert kinds(store.garbage(kept)) == [("artifact", 0), ("blob", len(SMALL))]
    store.collect(kept)
    assert store.find(data.files) == data
    assert not mixed.path.exists()
    assert kinds(store.collect()) == [("artifact", 0), ("blob", len(BIG))]


def test_a_newer_version_makes_the_older_one_garbage(store, pull):
    old = pull("t/one", "v", BIG, SHARED)
    new = pull("t/one", "v", SMALL, SHARED)
    assert [record.digest for record in store.records()] == [new.digest]
    assert kinds(store.garbage()) == [("artifact", 0), ("blob", len(BIG))]
    store.collect()
    assert not old.path.exists()
    assert store.find(new.files) == new
    assert store.garbage() == []


def test_removal_keeps_what_another_model_shares(store, pull):
    pull("t/one", "v", BIG, SHARED)
    two = pull("t/two", "v", SMALL, SHARED)
    one = [record for record in store.records() if record.model == "t/one"]
    foreseen = store.remove(one, dry_run=True)
    assert kinds(foreseen) == [("artifact", 0), ("blob", len(BIG))]
    assert len(store.records()) == 2
    assert store.remove(one) == foreseen
    assert [record.model for record in store.records()] == ["t/two"]
    assert store.find(two.files) == two
    assert store.garbage() == []


def test_removal_of_everything_leaves_nothing(store, pull):
    pull("t/one", "v", BIG, SHARED)
    pull("t/two", "v", SMALL, SHARED)
    assert sum(item.size for item in store.remove(store.records())) == len(BIG) + len(SMALL) + len(SHARED)
    assert tree(store.layout.root) == set()


def test_removal_leaves_garbage_of_others_to_gc(store, pull):
    pull("", "", SMALL)
    pull("t/one", "v", BIG)
    store.remove(store.records())
    assert kinds(store.garbage()) == [("artifact", 0), ("blob", len(SMALL))]


def test_two_names_of_one_artifact_keep_it_until_both_are_gone(store, pull):
    artifact = pull("t/one", "v", BIG)
    pull("t/two", "w", BIG)
    first, second = store.records()
    assert store.remove([first]) == []
    assert store.find(artifact.files) == artifact
    assert kinds(store.remove([second])) == [("artifact", 0), ("blob", len(BIG))]


def test_a_blob_that_somebody_else_links_to_frees_nothing(store, pull, tmp_path):
    artifact = pull("t/one", "v", BIG)
    os.link(artifact.path / "0.bin", tmp_path / "mine")
    assert kinds(store.remove(store.records())) == [("artifact", 0), ("blob", 0)]
    assert (tmp_path / "mine").read_bytes() == BIG


def test_an_artifact_whose_files_are_no_links_frees_its_own_bytes(store, pull):
    artifact = pull("", "", BIG)
    path = artifact.path / "0.bin"
    path.unlink()
    path.write_bytes(BIG)
    assert kinds(store.garbage()) == [("artifact", len(BIG)), ("blob", len(BIG))]


def test_what_a_running_pull_claims_is_no_garbage(store, pull):
    artifact = pull("", "", BIG)
    sha256 = artifact.files[0].sha256
    partial = weight("x", SMALL).sha256
    store.layout.partial(partial).write_bytes(b"half")
    with Session(store.layout, {sha256, partial, artifact.path.name}):
        assert store.collect() == []
        assert store.find(artifact.files) == artifact
    assert kinds(store.collect()) == [("artifact", 0), ("blob", len(BIG)), ("partial", 4)]


def test_a_claim_that_comes_later_counts_too(store, pull):
    artifact = pull("", "", BIG)
    with Session(store.layout, set()) as session:
        session.claim(artifact.files[0].sha256)
        assert {item.kind for item in store.garbage()} == {"artifact"}


def test_scratch_goes_with_its_session(store):
    store.layout.prepare()
    with Session(store.layout, set()) as session:
        (session.scratch("source-x") / "wheel").write_bytes(b"x")
        assert store.garbage() == []
    assert tree(store.layout.root) == set()


def test_the_scratch_of_a_dead_session_goes_with_the_next_pull(store, pull):
    store.layout.prepare()
    dead = store.layout.sessions / "123-dead"
    dead.mkdir()
    (dead / "wheel").write_bytes(b"x" * 1000)
    assert kinds(store.garbage()) == [("session", 1000)]
    pull("t/one", "v", BIG)
    assert not dead.exists()


def test_gc_before_anything_was_pulled_finds_nothing(store):
    assert store.garbage() == []
    assert not store.layout.root.exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"model": "x"}', '{"files": [{}]}', ""])
def test_a_record_that_cannot_be_read_stops_gc_and_says_which(store, pull, text):
    artifact = pull("t/one", "v", BIG)
    (path,) = store.layout.records.glob("*.json")
    path.write_text(text)
    for call in (store.records, store.garbage, store.collect):
        with pytest.raises(StorageError, match="cannot be read") as caught:
            call()
        assert str(path) in caught.value.hint
    assert store.find(artifact.files) == artifact


def test_a_record_of_a_newer_version_is_read_without_what_is_new(store, pull):
    pull("t/one", "v", BIG)
    (path,) = store.layout.records.glob("*.json")
    content = json.loads(path.read_text())
    content["lineage"] = {"new": True}
    content["files"][0]["new"] = 1
    path.write_text(json.dumps(content))
    assert store.records()[0].model == "t/one"


@pytest.mark.parametrize("name", ["../../escape", "hf:org/name", "/abs", "é 模型", "x" * 400, "."])
def test_any_name_makes_a_record_of_its_own_in_the_folder(store, pull, name):
    pull(name, "v", BIG)
    pull(name, "w", BIG)
    assert [record.name for record in store.records()] == [f"{name}:v", f"{name}:w"]
    assert len(list(store.layout.records.iterdir())) == 2


def test_names_that_look_alike_do_not_overwrite_each_other(store, pull):
    for model, variant in (("a/b", "c"), ("a-b", "c"), ("a", "b-c")):
        pull(model, variant, SMALL)
    assert len({replace(record, pulled="") for record in store.records()}) == 3
