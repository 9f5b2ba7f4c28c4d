"""The reader of `model.bin`: what CTranslate2 writes, and files that are damaged."""

import struct

import numpy as np
import pytest
from hub_ctranslate2.binary import read_binary

from hub.errors import InferenceError


def text(value):
    raw = value.encode() + b"\0"
    return struct.pack("<H", len(raw)) + raw


def variable(name, array, dtype):
    shape = b"".join(struct.pack("<I", size) for size in array.shape)
    head = text(name) + struct.pack("<B", array.ndim) + shape + struct.pack("<BI", dtype, array.nbytes)
    return head + array.tobytes()


def binary(*variables, aliases=(), version=6):
    head = struct.pack("<I", version) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    return (
        head
        + b"".join(variables)
        + struct.pack("<I", len(aliases))
        + b"".join(text(name) for a in aliases for name in a)
    )


def test_every_type_is_read(tmp_path):
    path = tmp_path / "model.bin"
    types = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
    arrays = {f"a{number}": np.arange(6).reshape(2, 3).astype(kind) for number, kind in types.items()}
    half = (np.array([1.5, -2.0], np.float32).view(np.uint32) >> 16).astype(np.uint16)
    parts = [variable(name, array, number) for (name, array), number in zip(arrays.items(), types, strict=True)]
    path.write_bytes(
        binary(*parts, variable("b", half, 5), variable("n", np.array(7, np.int16), 2), aliases=[("z", "a0")])
    )
    found = read_binary(path)
    assert (found.spec, found.revision, found.number("n")) == ("WhisperSpec", 3, 7)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found.variables[name], array)
        assert found.variables[name].dtype == array.dtype
    np.testing.assert_array_equal(found.variables["b"], [1.5, -2.0])
    assert found.variables["z"] is found.variables["a0"]


def test_what_the_library_writes_is_read(made):
    found = read_binary(made.ctranslate2 / "model.bin")
    assert found.spec == "WhisperSpec"
    assert found.number("encoder/num_heads") == 2
    assert found.variables["decoder/embeddings/weight"].shape == (51_865, 32)


@pytest.mark.parametrize("cut", [0, 3, 10, 30, 60, 75])
def test_a_file_that_ends_too_early_is_named(tmp_path, cut):
    path = tmp_path / "model.bin"
    path.write_bytes(binary(variable("a", np.arange(8, dtype=np.float32), 0))[:cut])
    with pytest.raises(InferenceError, match=r"model\.bin"):
        read_binary(path)


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04" + bytes(200),
        b"\x80\x02}q\x00." * 40,
        binary(version=99),
        binary(variable("a", np.zeros(2, np.float32), 9)),
        binary(variable("a", np.zeros(2, np.float32), 0), aliases=[("b", "nowhere")]),
        struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, 2**31),
    ],
)
def test_what_is_no_such_file_is_named(tmp_path, content):
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(InferenceError, match=r"model\.bin"):
        read_binary(path)
