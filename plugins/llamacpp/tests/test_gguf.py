"""The reader of headers."""

import struct

import numpy as np
import pytest
from hub_llamacpp.fixtures.gguf_files import write
from hub_llamacpp.gguf import GGUFError, check, read_metadata

VALUES = {
    "general.architecture": "toy",
    "toy.context_length": 77,
    "toy.list": ["a", "b"],
    "toy.ids": [1, 2],
    "toy.on": True,
}


@pytest.fixture
def toy(tmp_path):
    return write(tmp_path / "toy.gguf", VALUES, {"a": np.ones((4, 8), np.float32), "b": np.ones(64, np.float32)})


def test_plain_values_are_read_and_arrays_passed_over(toy):
    assert read_metadata(toy) == {"general.architecture": "toy", "toy.context_length": 77, "toy.on": True}


def test_reading_ends_as_soon_as_it_is_enough(toy):
    assert read_metadata(toy, lambda found: "toy.context_length" in found) == {
        "general.architecture": "toy",
        "toy.context_length": 77,
    }


def test_a_whole_file_passes(toy):
    check(toy)


def test_a_file_cut_anywhere_before_its_last_tensor_is_refused(toy, tmp_path):
    content = toy.read_bytes()
    cut = tmp_path / "cut.gguf"
    for length in range(len(content) - 64 * 4 + 1):
        cut.write_bytes(content[:length])
        with pytest.raises(GGUFError):
            check(cut)


@pytest.mark.parametrize("alignment", [0, "wide"])
def test_an_alignment_that_is_none_is_refused(tmp_path, alignment):
    path = write(tmp_path / "odd.gguf", {**VALUES, "general.alignment": alignment}, {"a": np.ones(8, np.float32)})
    with pytest.raises(GGUFError, match=f"aligned to {alignment!r} bytes"):
        check(path)


def test_arrays_of_arrays_are_refused_however_deep_they_go(tmp_path):
    path = tmp_path / "deep.gguf"
    key = struct.pack("<Q", 1) + b"a" + struct.pack("<I", 9)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + key + struct.pack("<IQ", 9, 1) * 5000 + bytes(64))
    with pytest.raises(GGUFError, match="an array of type 9"):
        check(path)
