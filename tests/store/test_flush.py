"""Hashing and syncing beside the thread that receives."""

from __future__ import annotations

import os
import threading

import pytest

from hub.store import flush
from hub.store.flush import Flusher
from hub.store.hashing import StreamHash
from tests.support.store import noise, sha256


def test_a_stream_is_hashed_in_order_whatever_its_pieces():
    content = noise(3_000_000)
    digest = StreamHash()
    start = 0
    for size in (1, 2_000_000, 7, 0, 500_000, 10**9):
        digest.update(content[start : start + size])
        start += size
    assert digest.hexdigest() == sha256(content)
    assert digest.hexdigest() == sha256(content)


def test_the_hash_of_nothing_needs_no_thread():
    before = threading.active_count()
    assert StreamHash().hexdigest() == sha256(b"")
    assert threading.active_count() == before


def test_a_large_file_is_synced_while_it_is_written(tmp_path, monkeypatch):
    synced = threading.Event()
    monkeypatch.setattr(flush, "_sync", lambda handle: synced.set())
    with (tmp_path / "f").open("wb") as stream:
        flusher = Flusher(stream.fileno())
        flusher.wrote(1)
        assert not synced.is_set()
        flusher.wrote(flush._STEP)
        assert synced.wait(30)
        flusher.finish()


def test_a_disk_that_fails_on_the_way_is_told_at_the_end(tmp_path, monkeypatch):
    failed = threading.Event()

    def fail(handle):
        failed.set()
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(flush, "_sync", fail)
    with (tmp_path / "f").open("wb") as stream:
        flusher = Flusher(stream.fileno())
        flusher.wrote(flush._STEP)
        assert failed.wait(30)
        flusher.wrote(flush._STEP)
        with pytest.raises(OSError, match="Input/output error"):
            flusher.finish()


def test_threads_end_with_their_work(tmp_path):
    before = threading.active_count()
    digest = StreamHash()
    digest.update(b"x")
    digest.close()
    with (tmp_path / "f").open("wb") as stream:
        flusher = Flusher(stream.fileno())
        flusher.wrote(flush._STEP)
        flusher.stop()
    assert threading.active_count() == before
