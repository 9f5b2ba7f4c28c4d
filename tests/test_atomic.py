"""Small files are there whole, as before, or not at all."""

import os
import stat

import pytest

from hub.atomic import write_atomically


def test_a_file_is_made_and_replaced(tmp_path):
    path = tmp_path / "list.json"
    for content in (b"one", b"", b"another"):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fails", ["replace", "write"])
def test_what_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch, fails):
    path = tmp_path / "list.json"
    path.write_bytes(b"before")

    def full(*_):
        raise OSError(28, "No space left on device")

    if fails == "replace":
        monkeypatch.setattr(os, "replace", full)
    content = b"after" if fails == "replace" else "no bytes"
    with pytest.raises(OSError if fails == "replace" else TypeError):
        write_atomically(path, content)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_that_began_before_reads_the_old_one_to_its_end(tmp_path):
    path = tmp_path / "list.json"
    write_atomically(path, b"before")
    with path.open("rb") as stream:
        write_atomically(path, b"after")
        assert stream.read() == b"before"


@pytest.mark.skipif(os.name != "posix", reason="permissions of other systems are not those of POSIX")
def test_permissions_are_those_that_are_asked_for_or_of_a_new_file(tmp_path):
    mask = os.umask(0o027)
    try:
        write_atomically(tmp_path / "shared", b"")
        write_atomically(tmp_path / "own", b"", mode=0o600)
        write_atomically(tmp_path / "as-it-was", b"", mode=0o664)
    finally:
        os.umask(mask)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("shared", "own", "as-it-was")]
    assert modes == [0o640, 0o600, 0o664]
