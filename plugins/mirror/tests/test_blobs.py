"""Contents get their names together, synced before that, and none where the disk fails."""

from __future__ import annotations

import errno
import hashlib
from contextlib import ExitStack

import pytest
from hub_mirror.blobs import Blobs
from hub_mirror.places import Places
from hub_mirror.syncing import Disk


@pytest.fixture
def blobs(tmp_path) -> Blobs:
    return Blobs(Places(tmp_path / "root").make())


def keep(blobs: Blobs, count: int) -> set[str]:
    """Write some contents, each twice, and keep them; their hashes."""
    with ExitStack() as stack:
        incoming = []
        for index in range(2 * count):
            one = stack.enter_context(blobs.incoming())
            one.write(b"%d" % (index // 2))
            one.rest()
            incoming.append(one)
        with blobs.publishing():
            blobs.keep(incoming)
    return {hashlib.sha256(b"%d" % index).hexdigest() for index in range(count)}


@pytest.mark.parametrize("count", [1, 10, 300])
@pytest.mark.parametrize("whole", [True, False])
def test_contents_are_named_whether_the_system_syncs_all_at_once_or_not(blobs, monkeypatch, count, whole):
    if not whole:
        monkeypatch.setattr(Disk, "_sync_all", lambda self: False)
    assert {path.name for path in map(blobs.path, keep(blobs, count))} == {path.name for path in blobs.all()}
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in blobs.all()} == keep(blobs, count)
    assert list(blobs.places.incoming.iterdir()) == []


@pytest.mark.parametrize(("count", "where"), [(3, "os.fsync"), (300, "hub_mirror.syncing.Disk._sync_all")])
def test_nothing_gets_a_name_where_the_disk_fails(blobs, monkeypatch, count, where):
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "the disk fails")

    monkeypatch.setattr(where, fail)
    with pytest.raises(OSError, match="the disk fails"):
        keep(blobs, count)
    assert list(blobs.all()) == []
    assert list(blobs.places.incoming.iterdir()) == []
