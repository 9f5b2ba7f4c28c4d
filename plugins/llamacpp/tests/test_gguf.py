"""The reader of headers."""

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
