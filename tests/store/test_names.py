"""Paths and hashes that strangers write."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hub.errors import PolicyError, UsageError
from hub.store.names import check_files, check_path, digest_of, digest_of_files
from hub.types import WeightFile
from tests.support.store import weight


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "a/../../x",
        "a//b",
        "./a",
        "a/.",
        "a\\b",
        "C:x",
        "a\0b",
        "a\nb",
        "\x7f",
        "\ud800",
    ],
)
def test_a_path_that_could_leave_the_folder_is_refused(path):
    with pytest.raises(PolicyError):
        check_path(path)


@pytest.mark.parametrize("path", ["model.gguf", "a/b/c.bin", "模型/poids-é.onnx", "..a", "a..", "with space", "~"])
def test_a_path_below_the_folder_is_taken(path):
    check_path(path)


def test_a_name_that_no_disk_holds_is_refused():
    with pytest.raises(PolicyError):
        check_path("é" * 128)


@pytest.mark.parametrize("paths", [("a", "a"), ("a", "a/b"), ("a/b/c", "a/b")])
def test_files_that_would_lie_at_the_same_place_are_refused(paths):
    with pytest.raises(PolicyError):
        check_files([weight(path, b"x", "file:/x") for path in paths])


@pytest.mark.parametrize("sha256", ["../../../../../etc/passwd", "A" * 64, "0" * 63, ""])
def test_a_hash_that_is_none_is_refused(sha256):
    with pytest.raises(PolicyError):
        check_files([WeightFile(path="a", size=1, sha256=sha256, sources=())])


def test_no_files_are_no_artifact():
    with pytest.raises(UsageError):
        check_files([])


def test_digest_is_the_hash_of_what_sha256sum_prints(tmp_path: Path):
    content = {"b/x.bin": b"one", "a.txt": b"two", "é": b"three"}
    for path, data in content.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    printed = subprocess.run(
        "LC_ALL=C sha256sum a.txt b/x.bin é | sha256sum", shell=True, cwd=tmp_path, capture_output=True, text=True
    ).stdout
    files = [weight(path, data) for path, data in content.items()]
    assert digest_of_files(files) == "sha256:" + printed.split()[0]


def test_digest_depends_on_paths_and_contents_alone():
    one, two = ("a", "1" * 64), ("b", "2" * 64)
    assert digest_of([one, two]) == digest_of([two, one])
    assert digest_of([one, two]) != digest_of([("a", "2" * 64), ("b", "1" * 64)])


def test_digest_is_not_known_before_every_hash_is():
    assert digest_of_files([WeightFile(path="a", size=1, sha256=None, sources=())]) is None
