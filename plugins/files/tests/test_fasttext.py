"""The backend for fastText, over small classifiers: what comes out, and what is refused before it is read."""

from __future__ import annotations

import numpy as np
import pytest
from hub_files.fasttext_backend import open_part, probe
from hub_files.header import refuse_damaged

from hub.errors import InferenceError, InputError
from hub.runtime.protocols import OpenRequest
from hub.types import Facts
from plugins.files.tests.conftest import written


def opened(path):
    facts = Facts(task="language-identification", family="", format="fasttext", files=(), parts={"": (path.name,)})
    return open_part(OpenRequest(path=path.parent, verb="run", device="cpu", facts=facts))


def run(session, texts, top_k=2):
    return session.run({"text": np.array(texts, object), "top_k": np.array(top_k, np.int64)})


def test_labels_come_with_their_scores_best_first(tmp_path):
    found = run(opened(written(tmp_path / "m.ftz")), ["cat", "eine Katze"])
    assert found["labels"].tolist() == [["en", "de"], ["de", "en"]]
    right = 1 / (1 + np.exp(-4))
    np.testing.assert_allclose(found["scores"], [[right, 1 - right]] * 2, atol=2e-3)
    assert found["scores"].dtype == np.float32


def test_as_many_labels_as_were_asked_for_or_as_there_are(tmp_path):
    session = opened(written(tmp_path / "m.ftz"))
    assert run(session, ["cat"], 1)["labels"].tolist() == [["en"]]
    assert run(session, ["cat"], 9)["labels"].shape == (1, 2)
    assert run(session, ["cat", "cat"], 0)["labels"].shape == (2, 1)


def test_breaks_of_lines_are_blanks_and_one_text_stays_one(tmp_path):
    session = opened(written(tmp_path / "m.ftz"))
    assert run(session, ["cat\nKatze\r\nKatze", "\0"])["labels"].shape == (2, 2)
    assert run(session, ["x\nKatze"], 1)["labels"].tolist() == [["de"]]


def test_what_is_no_unicode_is_refused(tmp_path):
    with pytest.raises(InputError, match="a text is not Unicode"):
        run(opened(written(tmp_path / "m.ftz")), ["a\ud800b"])


def test_nothing_else_than_text_is_taken(tmp_path):
    session = opened(written(tmp_path / "m.ftz"))
    with pytest.raises(InputError, match="a text is int, not str"):
        run(session, [3])


@pytest.mark.parametrize("keep", [0, 4, 7, 60, 90, 130, 160, -1])
def test_a_file_that_is_cut_off_is_refused_and_never_read(tmp_path, keep):
    path = written(tmp_path / "m.ftz")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InferenceError, match=r"m\.ftz is no fastText classifier that can be read: it ends"):
        opened(path)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"kind": 2}, "holds vectors of words"),
        ({"version": 11}, "of version 11, and version 12 is known"),
        ({"size": 900_000}, "2 words and 2 labels are not 900000 entries"),
    ],
)
def test_other_files_of_fasttext_are_named(tmp_path, settings, reason):
    with pytest.raises(InferenceError, match=reason):
        opened(written(tmp_path / "m.ftz", **settings))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"x" * 500, b"\0" * 500])
def test_what_is_no_file_of_fasttext_is_refused(tmp_path, content):
    (tmp_path / "m.ftz").write_bytes(content)
    with pytest.raises(InferenceError, match="no fastText classifier"):
        opened(tmp_path / "m.ftz")


def test_no_altered_byte_gets_past_the_walk_and_crashes_the_reader(tmp_path):
    path = written(tmp_path / "m.ftz")
    whole = path.read_bytes()
    refused = 0
    for place in range(64, len(whole) - 32):  # behind magic, version and settings, before the weights
        for value in (0x00, 0x7F, 0xFF):
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            try:
                refuse_damaged(path)
            except InferenceError:
                refused += 1
    assert refused > 100


def test_more_bytes_than_a_model_has_are_refused(tmp_path):
    path = written(tmp_path / "m.ftz")
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(InferenceError, match="4 bytes follow its end"):
        opened(path)


def test_the_probe_names_the_reader():
    found = probe()
    assert found.devices == ("cpu",)
    assert list(found.versions) == ["fasttext-predict-v2"]
