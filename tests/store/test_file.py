"""Files of this machine as a source."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from hub.errors import NotFound, SourceError, VerificationError
from hub.sources import SourceContext
from hub.store.sources.file import FileSource
from hub.store.store import Store
from tests.support.store import noise, quick, weight

CONTENT = noise(2_500_000)


def pull(source: str, content: bytes = CONTENT) -> Path:
    return Store().pull([weight("m", content, source)], label="m", sources=quick).path / "m"


def test_a_file_is_copied_because_its_owner_may_change_it(hub_home, tmp_path):
    original = tmp_path / "wéights 100% #1.bin"
    original.write_bytes(CONTENT)
    pulled = pull(f"file:{original}")
    assert pulled.read_bytes() == CONTENT
    assert not pulled.samefile(original)


@pytest.mark.parametrize("host", ["", "localhost"])
def test_a_url_is_decoded(hub_home, tmp_path, host):
    original = tmp_path / "wéights 100% #1.bin"
    original.write_bytes(CONTENT)
    assert pull(f"file://{host}{quote(str(original))}").read_bytes() == CONTENT


def test_a_changed_file_is_refused_and_left_alone(hub_home, tmp_path):
    (tmp_path / "m").write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(VerificationError):
        pull(f"file:{tmp_path}/m")
    assert (tmp_path / "m").exists()


@pytest.mark.parametrize(("size", "said"), [(-1, "got 2499999 bytes"), (1, "more than 2500000 bytes")])
def test_a_file_of_another_size_is_refused(hub_home, tmp_path, size, said):
    (tmp_path / "m").write_bytes(CONTENT[:size] if size < 0 else CONTENT + b"x")
    with pytest.raises(VerificationError, match=said):
        pull(f"file:{tmp_path}/m")


def test_what_is_not_there_is_not_found(hub_home, tmp_path):
    with pytest.raises(NotFound):
        pull(f"file:{tmp_path}/nothing")


def test_what_is_no_plain_file_is_refused_and_not_waited_for(hub_home, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(SourceError, match="not a plain file"):
            pull(f"file:{path}")


@pytest.mark.parametrize("source", ["file:relative", "file://otherhost/path", "file:"])
def test_what_names_no_path_of_this_machine_is_refused(hub_home, source):
    with pytest.raises(SourceError):
        pull(source)


def test_there_is_no_listing(tmp_path):
    with pytest.raises(SourceError, match="no listing"):
        FileSource(SourceContext(scratch=tmp_path)).listing("/x")
