"""Pulling: what lands on the disk, what is asked for, and what is not asked for again."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import NotFound, Offline, PluginMissing, SourceError, StorageError, VerificationError
from hub.store.store import Store
from hub.types import WeightFile
from tests.support.faulty_server import FaultyServer, other, status
from tests.support.store import Heard, inodes, noise, quick, sha256, tree, weight

CONTENT = noise(300_000)


@pytest.fixture
def store(hub_home: Path) -> Store:
    return Store()


@pytest.fixture
def server():
    with FaultyServer() as running:
        yield running


def pull(store: Store, *files: WeightFile, **options: object):
    return store.pull(files, label="test", sources=quick, **options)


def test_a_pull_gives_a_folder_with_the_files_under_their_names(store, server, tmp_path):
    (tmp_path / "ä b.txt").write_bytes(b"hello")
    files = [
        weight("deep/er/model.bin", CONTENT, server.put("/model.bin", CONTENT)),
        weight("naïve 模型.txt", b"hello", f"file:{tmp_path}/ä b.txt"),
        weight("empty", b"", server.put("/empty", b"")),
    ]
    artifact = pull(store, *files)
    assert (artifact.path / "deep/er/model.bin").read_bytes() == CONTENT
    assert (artifact.path / "naïve 模型.txt").read_bytes() == b"hello"
    assert (artifact.path / "empty").read_bytes() == b""
    assert artifact.path == store.layout.artifact(artifact.digest)


def test_files_of_an_artifact_are_hard_links_to_blobs_and_read_only(store, server):
    file = weight("m", CONTENT, server.put("/m", CONTENT))
    artifact = pull(store, file)
    blob = store.layout.blob(file.sha256)
    assert (artifact.path / "m").samefile(blob)
    assert blob.stat().st_mode & 0o777 == 0o444


def test_a_second_pull_asks_nobody(store, server):
    file = weight("m", CONTENT, server.put("/m", CONTENT))
    first = pull(store, file)
    assert pull(store, file) == first
    assert pull(Store(), file, offline=True) == first
    assert len(server.seen) == 1


def test_without_network_what_is_here_is_found_and_what_is_missing_says_so(store, server):
    here, gone = weight("m", CONTENT, server.put("/m", CONTENT)), weight("n", b"n", server.put("/n", b"n"))
    pull(store, here)
    assert store.find([here]) is not None
    with pytest.raises(Offline):
        pull(store, here, gone, offline=True)
    assert len(server.seen) == 1


def test_find_is_none_before_and_the_artifact_after(store, server):
    file = weight("m", CONTENT, server.put("/m", CONTENT))
    assert store.find([file]) is None
    assert not store.layout.root.exists()
    artifact = pull(store, file)
    assert store.find([file]) == artifact


def test_models_that_share_a_file_share_its_bytes(store, server):
    shared = weight("tokenizer.json", CONTENT, server.put("/t", CONTENT))
    one = pull(store, shared, weight("a", b"a", server.put("/a", b"a")))
    two = pull(store, replace(shared, path="sub/tokenizer.json"), weight("b", b"b", server.put("/b", b"b")))
    assert (one.path / "tokenizer.json").samefile(two.path / "sub/tokenizer.json")
    assert len(server.ranges("/t")) == 1


def test_a_content_that_is_there_twice_is_fetched_once(store, server):
    url = server.put("/m", CONTENT)
    artifact = pull(store, weight("a/m", CONTENT, url), weight("b/m", CONTENT, url))
    assert len(server.seen) == 1
    assert (artifact.path / "a/m").samefile(artifact.path / "b/m")


def test_a_variant_may_span_several_sources(store, server, tmp_path):
    (tmp_path / "config.json").write_bytes(b"{}")
    files = (
        weight("m", CONTENT, server.put("/m", CONTENT)),
        weight("config.json", b"{}", f"file:{tmp_path}/config.json"),
    )
    assert tree(pull(store, *files).path) == {"m", "config.json"}


def test_the_next_source_is_tried_and_the_reason_said(store, server):
    heard = Heard()
    file = weight("m", CONTENT, server.url("/gone"), server.put("/m", CONTENT))
    artifact = pull(store, file, progress=heard)
    assert (artifact.path / "m").read_bytes() == CONTENT
    assert any("/gone" in line and "404" in line and "next source" in line for line in heard.said)


def test_a_liar_is_refused_and_the_next_source_serves(store, server):
    liar = server.put("/liar", CONTENT, other(noise(len(CONTENT), seed=1)))
    honest = server.put("/honest", CONTENT)
    artifact = pull(store, weight("m", CONTENT, liar, honest), model="t/m", variant="v")
    assert (artifact.path / "m").read_bytes() == CONTENT
    assert [file.source for file in store.records()[0].files] == [honest]
    assert server.ranges("/honest") == [""]  # nothing of the liar's bytes is built upon


def test_other_bytes_are_refused_removed_and_named(store, server):
    wrong = noise(len(CONTENT), seed=1)
    url = server.put("/m", wrong)
    file = weight("m", CONTENT, url)
    with pytest.raises(VerificationError) as caught:
        pull(store, file)
    assert caught.value.exit_code == 4
    for part in ("m ", url, file.sha256, sha256(wrong)):
        assert part in caught.value.message
    assert tree(store.layout.root) == set()


def test_one_lie_among_failures_is_a_refusal_with_every_reason(store, server):
    liar, gone = server.put("/liar", b"x" * len(CONTENT)), server.url("/gone")
    with pytest.raises(VerificationError) as caught:
        pull(store, weight("m", CONTENT, gone, liar, "file:/nowhere"))
    reasons = (gone, "404"), (liar, "sha256"), ("file:/nowhere", "does not exist")
    for line, (source, reason) in zip(caught.value.details, reasons, strict=True):
        assert source in line
        assert reason in line


def test_failures_of_one_kind_keep_their_kind_and_hint(store, server):
    with pytest.raises(NotFound) as caught:
        pull(store, weight("m", CONTENT, server.url("/one"), server.url("/two")))
    assert len(caught.value.details) == 2
    with pytest.raises(SourceError) as caught:
        pull(store, weight("m", CONTENT, server.url("/one"), server.put("/two", b"", status(403))))
    assert type(caught.value) is SourceError


def test_a_scheme_that_nothing_provides_is_named_and_the_next_source_tried(store, server):
    with pytest.raises(PluginMissing, match="'nosuch:'"):
        pull(store, weight("m", CONTENT, "nosuch:x"))
    pull(store, weight("m", CONTENT, "nosuch:x", server.put("/m", CONTENT)))


def test_a_file_without_sources_says_so(store):
    with pytest.raises(SourceError, match="names no source"):
        pull(store, weight("m", CONTENT))


def test_a_source_that_raises_anything_is_a_failure_of_that_source(store, server):
    class Broken:
        def __init__(self, context):
            self.context = context

        def fetch(self, locator, sink):
            raise RuntimeError("a bug")

        def close(self):
            raise OSError("another")

    file = weight("m", CONTENT, "broken:x", server.put("/m", CONTENT))
    heard = Heard()
    store.pull([file], label="t", sources=lambda s: Broken if s == "broken" else quick(s), progress=heard)
    assert any("RuntimeError: a bug" in line for line in heard.said)


def test_one_failure_ends_the_pull_and_keeps_what_was_verified(store, server):
    good = weight("a", CONTENT, server.put("/a", CONTENT))
    bad = weight("b", b"b", server.url("/gone"))
    pull(store, good)
    with pytest.raises(NotFound):
        pull(store, good, bad)
    assert store.missing([good, bad]) == (bad,)


def test_a_file_of_unknown_hash_comes_back_with_size_and_hash(store, server):
    file = WeightFile(path="config.json", size=None, sha256=None, sources=(server.put("/c", b"{}"),))
    artifact = pull(store, file)
    assert artifact.files == (replace(file, size=2, sha256=sha256(b"{}")),)
    assert store.find(artifact.files) == artifact
    assert store.find([file]) is None


def test_progress_ends_at_the_size_of_each_file(store, server):
    heard = Heard()
    pull(
        store,
        weight(
            "a", CONTENT, server.put("/liar", CONTENT, other(noise(len(CONTENT), seed=3))), server.put("/a", CONTENT)
        ),
        weight("b", b"bb", server.put("/b", b"bb")),
        progress=heard,
    )
    assert heard.bytes == {"a": len(CONTENT), "b": 2}
    assert sorted(heard.ended) == ["a", "b"]


def test_download_size_counts_what_is_missing_once(store, server):
    one, two = weight("a", CONTENT, server.put("/a", CONTENT)), weight("b", b"bb", server.put("/b", b"bb"))
    assert store.download_size([one, two, replace(one, path="c")]) == len(CONTENT) + 2
    pull(store, one)
    assert store.download_size([one, two]) == 2


def test_a_disk_that_is_too_small_is_said_before_anything_is_asked_for(store, server, monkeypatch):
    url = server.put("/m", CONTENT)
    free = shutil.disk_usage("/").free
    file = WeightFile(path="m", size=free * 4, sha256="0" * 64, sources=(url,))
    with pytest.raises(StorageError, match=f"{free * 4} bytes.* free"):
        pull(store, file)
    assert server.seen == []


def test_what_was_hashed_is_not_hashed_again(store, server, monkeypatch):
    file = weight("m", CONTENT, server.put("/m", CONTENT))
    artifact = pull(store, file)

    def forbidden(*_):
        raise AssertionError("hashed again")

    monkeypatch.setattr("hub.store.blobs.hash_file", forbidden)
    assert Store().find([file]) == artifact
    assert pull(Store(), file) == artifact


def test_a_changed_mtime_is_hashed_again_and_then_believed(store, server, monkeypatch):
    file = weight("m", CONTENT, server.put("/m", CONTENT))
    artifact = pull(store, file)
    os.utime(artifact.path / "m", ns=(1, 1))
    hashed: list[Path] = []
    from hub.store import blobs

    real = blobs.hash_file
    monkeypatch.setattr(blobs, "hash_file", lambda path, advance=None: (hashed.append(path), real(path, advance))[1])
    assert store.find([file]) == artifact
    assert len(hashed) == 1
    assert store.find([file]) == artifact
    assert len(hashed) == 1


def test_a_file_that_was_changed_is_not_found_and_is_pulled_again(store, server):
    file = weight("m", CONTENT, server.put("/m", CONTENT))
    artifact = pull(store, file)
    path = artifact.path / "m"
    path.chmod(0o644)
    path.write_bytes(b"x" + CONTENT[1:])
    heard = Heard()
    assert store.find([file]) is None
    again = pull(store, file, progress=heard)
    assert (again.path / "m").read_bytes() == CONTENT
    assert any("damaged" in line and file.sha256 in line for line in heard.said)
    assert len(server.seen) == 2


def test_verify_finds_damage_that_the_stat_does_not_show(store, server):
    file, whole = weight("m", CONTENT, server.put("/m", CONTENT)), weight("n", b"n", server.put("/n", b"n"))
    artifact = pull(store, file, whole)
    path = artifact.path / "m"
    seen = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as stream:
        stream.seek(1000)
        stream.write(bytes([CONTENT[1000] ^ 1]))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert store.find([file, whole]) is not None  # by stat alone nobody can tell
    heard = Heard()
    again = pull(store, file, whole, verify=True, progress=heard)
    assert (again.path / "m").read_bytes() == CONTENT
    assert [line for line in heard.said if "m: damaged" in line]
    assert server.ranges("/n") == [""]


def test_a_home_that_was_copied_is_hashed_once_and_used(store, server, hub_home):
    file = weight("m", CONTENT, server.put("/m", CONTENT))
    pull(store, file)
    copy = hub_home.parent / "copy"
    shutil.copytree(store.layout.root, copy)
    moved = Store(copy)
    assert pull(moved, file).path == moved.find([file]).path
    assert not inodes(copy) & inodes(store.layout.root)
    assert len(server.seen) == 1


@pytest.mark.parametrize("damage", ["remove a file", "remove the folder", "replace by a folder", "add a link out"])
def test_an_artifact_that_lost_something_is_built_again_from_blobs(store, server, damage, tmp_path):
    file = weight("d/m", CONTENT, server.put("/m", CONTENT))
    artifact = pull(store, file)
    if damage == "remove the folder":
        shutil.rmtree(artifact.path)
    else:
        (artifact.path / "d/m").unlink()
        if damage == "replace by a folder":
            (artifact.path / "d/m").mkdir()
        if damage == "add a link out":
            (artifact.path / "d").rmdir()
            (tmp_path / "m").write_bytes(CONTENT)
            (artifact.path / "d").symlink_to(tmp_path)
    assert store.find([file]) is None
    again = pull(store, file)
    assert (again.path / "d/m").read_bytes() == CONTENT
    assert not (again.path / "d").is_symlink()
    assert len(server.seen) == 1


def test_a_seal_that_cannot_be_read_only_costs_a_hash(store, server):
    file = weight("m", CONTENT, server.put("/m", CONTENT))
    artifact = pull(store, file)
    for seal in ("{", "[]", '{"size": "x"}'):
        store.layout.seal(file.sha256).write_text(seal)
        assert Store().find([file]) == artifact


def test_a_pull_leaves_nothing_but_blobs_seals_and_artifacts(store, server):
    file = weight("m", CONTENT, server.put("/m", CONTENT))
    artifact = pull(store, file)
    assert {path.partition("/")[0] for path in tree(store.layout.root)} == {"blobs", "seals", "artifacts"}
    assert tree(artifact.path) == {"m"}
