"""Casts of safetensors, byte for byte."""

import json

import ml_dtypes
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from hub.errors import InferenceError, UsageError
from plugins.quantize.tests.conftest import compress, random, size_of

NAME = "model.safetensors"


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    tensors = {
        "b.weight": random(8, 4),
        "a.weight": random(3, 5, seed=1),
        "double": random(6).astype(np.float64),
        "ids": np.arange(7),
        "scalar": np.array(2.5, np.float32),
        "empty": np.zeros((0, 4), np.float32),
    }
    save_file(tensors, folder / NAME, metadata={"format": "pt"})
    (folder / "config.json").write_text('{"model_type": "bert", "torch_dtype": "float32", "vocab_size": 9}')
    return folder


@pytest.mark.parametrize(("kind", "torch", "tolerance"), [("bf16", "bfloat16", 2**-8), ("fp16", "float16", 2**-11)])
def test_wide_tensors_are_cast_and_the_others_stay(kind, torch, tolerance, source, tmp_path):
    out = compress(f"safetensors-{kind}", source, tmp_path, NAME)
    with safe_open(source / NAME, "np") as before, safe_open(out / NAME, "pt") as after:
        assert after.metadata() == before.metadata() == {"format": "pt"}
        assert sorted(after.keys()) == sorted(before.keys())
        for name in set(before.keys()):
            left, right = before.get_tensor(name), after.get_tensor(name)
            assert str(right.dtype) == ("torch.int64" if name == "ids" else f"torch.{torch}")
            np.testing.assert_allclose(right.double().numpy(), left, rtol=tolerance)
    assert json.loads((out / "config.json").read_text()) == {
        "model_type": "bert",
        "torch_dtype": torch,
        "vocab_size": 9,
    }


def test_bfloat16_rounds_to_the_nearest(source, tmp_path):
    out = compress("safetensors-bf16", source, tmp_path, NAME)
    with safe_open(out / NAME, "pt") as after:
        found = after.get_tensor("b.weight").float().numpy()
    np.testing.assert_array_equal(found, random(8, 4).astype(ml_dtypes.bfloat16).astype(np.float32))


def test_shards_and_their_index_are_kept(source, tmp_path):
    names = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json")
    (source / NAME).unlink()
    for number, name in enumerate(names[:2]):
        save_file({f"w{number}": random(16, 16)}, source / name)
    index = {"metadata": {"total_size": 2048}, "weight_map": {"w0": names[0], "w1": names[1]}}
    (source / names[2]).write_text(json.dumps(index))
    out = compress("safetensors-bf16", source, tmp_path, *names)
    found = json.loads((out / names[2]).read_text())
    assert found == {"metadata": {"total_size": 1024}, "weight_map": index["weight_map"]}
    assert size_of(out) < 0.8 * size_of(source)


def test_numbers_that_float16_cannot_hold_are_named_with_the_way_out(source, tmp_path):
    save_file({"huge": np.array([1.0, 7e4], np.float32)}, source / NAME)
    with pytest.raises(InferenceError, match=r"'huge' holds 7e\+04, which float16 cannot hold") as caught:
        compress("safetensors-fp16", source, tmp_path, NAME)
    assert "bf16" in caught.value.hint
    (tmp_path / "again").mkdir()
    compress("safetensors-bf16", source, tmp_path / "again", NAME)


def test_nan_is_named(source, tmp_path):
    save_file({"odd": np.array([1.0, np.nan], np.float32)}, source / NAME)
    with pytest.raises(InferenceError, match="'odd' holds NaN"):
        compress("safetensors-bf16", source, tmp_path, NAME)


def test_narrow_weights_are_refused(source, tmp_path):
    save_file({"w": random(4).astype(np.float16)}, source / NAME)
    with pytest.raises(UsageError, match="no tensor is in float32"):
        compress("safetensors-fp16", source, tmp_path, NAME)


@pytest.mark.parametrize("content", [b"", b"\x10", b"\xff" * 32, (4).to_bytes(8, "little") + b"none"])
def test_a_broken_file_is_named(content, source, tmp_path):
    (source / NAME).write_bytes(content)
    with pytest.raises(InferenceError, match=r"model\.safetensors is no safetensors file"):
        compress("safetensors-bf16", source, tmp_path, NAME)
