"""Files that stay in a cache of somebody else's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.errors import SourceError, VerificationError
from hub.store.store import Store
from tests.support.store import noise, weight

CONTENT = noise(200_000)


class Cache:
    """A source whose files lie in a cache already."""

    def __init__(self, context):
        pass

    def fetch(self, locator, sink):
        sink.adopt(Path(locator))

    def close(self):
        pass


def pull(store: Store, path: Path, content: bytes = CONTENT):
    return store.pull([weight("m", content, f"cache:{path}")], label="t", model="t/m", sources=lambda scheme: Cache)


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    (tmp_path / "blob").write_bytes(CONTENT)
    (tmp_path / "pointer").symlink_to("blob")
    return tmp_path / "pointer"


def test_a_cached_file_is_linked_and_not_copied_or_changed(hub_home, cached):
    before = cached.stat()
    artifact = pull(Store(), cached)
    assert (artifact.path / "m").samefile(cached)
    assert not (artifact.path / "m").is_symlink()
    after = cached.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


def test_a_cache_on_another_disk_is_linked_symbolically(hub_home, cached, monkeypatch):
    def other_disk(source, target, **_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", other_disk)
    store = Store()
    artifact = pull(store, cached)
    assert (artifact.path / "m").readlink() == cached.resolve()
    assert store.find(artifact.files) == artifact
    assert store.size_on_disk(store.records()[0]) == 0
    store.remove(store.records())
    assert cached.read_bytes() == CONTENT


def test_a_cached_file_that_went_away_is_fetched_again(hub_home, cached, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(18, "Invalid cross-device link")))
    store = Store()
    artifact = pull(store, cached)
    cached.resolve().unlink()
    assert store.find(artifact.files) is None
    (cached.parent / "blob2").write_bytes(CONTENT)
    again = store.pull(
        [weight("m", CONTENT, f"cache:{cached.parent / 'blob2'}")], label="t", sources=lambda scheme: Cache
    )
    assert (again.path / "m").read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT + b"x", b"y" * len(CONTENT)])
def test_a_cached_file_that_is_not_the_promised_one_is_refused_and_left(hub_home, cached, content):
    with pytest.raises(VerificationError, match="not taken"):
        pull(Store(), cached, content)
    assert cached.read_bytes() == CONTENT


def test_a_cached_file_that_cannot_be_read_is_a_failure_of_the_source(hub_home, tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        pull(Store(), tmp_path / "nothing")
