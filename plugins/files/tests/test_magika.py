"""File types with the real model: what Magika's own package says, for whole folders, and for what is no file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hub_files import samples
from hub_files.magika.content import read_ends
from hub_files.magika.features import features_of
from hub_files.magika.settings import read_settings

import hub
from hub.errors import InferenceError, InputError

ROOT = Path(__file__).parents[3]
KIND = {"mime_type": None, "group": None, "description": None, "extensions": [], "is_text": True}
SETTINGS = {
    "beg_size": 6,
    "mid_size": 0,
    "end_size": 4,
    "use_inputs_at_offsets": False,
    "medium_confidence_threshold": 0.5,
    "min_file_size_for_dl": 3,
    "padding_token": 256,
    "block_size": 16,
    "target_labels_space": ["python", "randomtxt"],
    "thresholds": {"python": 0.9},
    "overwrite_map": {"randomtxt": "txt"},
}


def settings_in(folder: Path, **changed):
    (folder / "config.min.json").write_text(json.dumps({**SETTINGS, **changed}))
    kinds = dict.fromkeys(("python", "randomtxt", "txt", "unknown", "empty"), KIND)
    (folder / "content_types_kb.min.json").write_text(json.dumps(kinds))
    return read_settings(folder)


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (b"abcdefghij", b"abcdefghij"),
        (b"  abc \n", [*b"abc \n", 256, *b" abc"]),
        (b"abcd", [*b"abcd", 256, 256, *b"abcd"]),
        (b"\n" * 10 + b"xyz12345" + b"\n" * 10, b"xyz1232345"),
    ],
)
def test_features_are_both_ends_without_blanks(tmp_path, content, row):
    settings = settings_in(tmp_path)
    (tmp_path / "f").write_bytes(content)
    for given in (content, tmp_path / "f", str(tmp_path / "f")):
        assert features_of(read_ends(given, settings.block), settings).tolist() == list(row)


def test_a_file_of_blanks_has_no_features(tmp_path):
    settings = settings_in(tmp_path)
    assert features_of(read_ends(b" " * 100, settings.block), settings) is None
    assert features_of(read_ends(b"    a ", settings.block), settings) is None


def test_of_a_large_file_the_ends_alone_are_read(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.write(b"begin")
        stream.truncate(1 << 40)
        stream.seek((1 << 40) - 3)
        stream.write(b"end")
    ends = read_ends(path, 16)
    assert (ends.head[:5], ends.tail[-3:], len(ends.head), len(ends.tail)) == (b"begin", b"end", 16, 16)


def test_settings_of_another_version_are_refused(tmp_path):
    with pytest.raises(InferenceError, match="from the middle of files"):
        settings_in(tmp_path, mid_size=512)


@pytest.mark.parametrize("changed", [{"thresholds": None}, {"target_labels_space": ["cobol"]}, {"beg_size": "x"}])
def test_damaged_settings_are_named(tmp_path, changed):
    with pytest.raises(InferenceError, match=r"min\.json"):
        settings_in(tmp_path, **changed)


@pytest.mark.weights
def test_contents_are_told(loaded):
    found = loaded("magika").infer(samples.files())
    assert [labels[0]["label"] for labels in found] == ["python", "html", "csv", "txt", "empty"]
    assert found[0][0]["mime_type"] == "text/x-python"
    assert found[0][0]["group"] == "code"
    assert found[0][0]["score"] > 0.9


@pytest.mark.weights
def test_files_are_told_by_their_content_and_not_by_their_name(loaded, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(samples.files()[0])
    assert loaded("magika").infer(tmp_path / "photo.jpg")[0]["label"] == "python"


@pytest.mark.weights
def test_labels_that_are_not_sure_become_general(loaded):
    model = loaded("magika")
    high, medium, guess = (
        [model.infer(content, confidence=how)[0]["label"] for content in (b"let x = 5 in x\n", b"x = [1, 2]\n")]
        for how in ("high", "medium", "best_guess")
    )
    assert (high, medium, guess) == (["txt", "txt"], ["ocaml", "txt"], ["ocaml", "python"])
    assert model.infer(b"x = [1, 2]\n")[0]["guess"] == "python"
    assert "guess" not in model.infer(b"x = [1, 2]\n", confidence="best_guess")[0]


@pytest.mark.weights
def test_what_is_no_plain_file_is_refused_by_name(loaded, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    model = loaded("magika")
    for path, reason in ((tmp_path, "is a folder"), (tmp_path / "pipe", "no plain file"), (tmp_path / "no", "no such")):
        with pytest.raises(InputError, match=reason):
            model.infer(path)


@pytest.mark.weights
def test_a_folder_with_a_file_that_cannot_be_read_is_told_all_the_same(loaded, tmp_path):
    for name, content in (("a.txt", samples.files()[1]), ("c.txt", samples.files()[2])):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "b.txt").symlink_to(tmp_path / "gone")
    found = list(loaded("magika").each(sorted(tmp_path.iterdir())))
    assert [each.result and each.result[0]["label"] for each in found] == ["html", None, "csv"]
    assert "b.txt" in found[1].error.message


@pytest.mark.weights
def test_labels_and_scores_are_those_of_the_package(loaded):
    magika = pytest.importorskip("magika")
    files = [path for path in sorted(ROOT.rglob("*")) if path.is_file() and ".git" not in path.parts][::5][:300]
    own = magika.Magika()
    ours = loaded("magika").infer(files)
    for path, found, theirs in zip(files, ours, own.identify_paths(files), strict=True):
        assert found[0]["label"] == str(theirs.output.label), path
        assert found[0]["score"] == pytest.approx(theirs.score, abs=1e-4), path
        assert found[0]["mime_type"] == theirs.output.mime_type
        assert found[0]["description"] == theirs.output.description


@pytest.mark.weights
def test_the_plan_opens_it_with_whatever_runs_the_graph(weights, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights))
    found = hub.plan("magika")
    assert (found.backend, found.verb, found.model_plugin) == ("onnx", "run", "magika")
