"""Pickled state dicts become safetensors, bit by bit; a pickle that names code is refused before any of it runs."""

import json
import os
import pickle
from collections import OrderedDict

import pytest
import torch
from hub_torch.pickles import convert, read_tensors
from safetensors.torch import load_file

from hub.errors import InferenceError, PolicyError
from hub.runtime.protocols import TransformRequest
from hub.types import Facts

TENSORS = {
    "weight": torch.arange(12.0).reshape(3, 4),
    "half": torch.tensor([1.5, float("nan"), float("-inf")], dtype=torch.bfloat16),
    "count": torch.tensor(7),
    "mask": torch.tensor([True, False]),
}


def converted(tmp_path, content, **settings):
    source, out = tmp_path / "model.pth", tmp_path / "out"
    torch.save(content, source, **settings)
    out.mkdir()
    facts = Facts(
        task="", family="lite", format="pickle", files=(), parts={"": (source.name,)}, config={"num_labels": 3}
    )
    convert(TransformRequest(path=tmp_path, out=out, facts=facts))
    return load_file(out / "model.safetensors")


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
def test_every_bit_stays(zipped, wrapper, tmp_path):
    content = OrderedDict(TENSORS) if wrapper is None else {wrapper: TENSORS, "epoch": 3}
    found = converted(tmp_path, content, _use_new_zipfile_serialization=zipped)
    assert found.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert found[name].dtype == tensor.dtype
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0, equal_nan=True)


def test_a_config_is_written_where_there_is_none(tmp_path):
    converted(tmp_path, TENSORS)
    assert json.loads((tmp_path / "out" / "config.json").read_text()) == {"model_type": "lite", "num_labels": 3}


def test_a_config_that_is_there_stays(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    converted(tmp_path, TENSORS)
    assert not (tmp_path / "out" / "config.json").exists()


def test_tensors_that_share_memory_are_written_each(tmp_path):
    table = torch.rand(4, 3)
    found = converted(tmp_path, {"in": table, "out": table, "part": table[1:, ::2]})
    torch.testing.assert_close(found["out"], table)
    torch.testing.assert_close(found["part"], table[1:, ::2])


class Touch:
    """Would make a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_pickle_that_names_code_is_refused_and_runs_nothing(zipped, tmp_path):
    path, mark = tmp_path / "model.pth", tmp_path / "mark"
    torch.save({"weight": torch.zeros(2), "extra": Touch(mark)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(PolicyError, match=r"model\.pth would call \w+\.mkdir"):
        read_tensors(path)
    assert not mark.exists()


def test_a_bare_pickle_that_names_code_is_refused(tmp_path):
    path, mark = tmp_path / "model.bin", tmp_path / "mark"
    path.write_bytes(pickle.dumps(Touch(mark)))
    with pytest.raises((PolicyError, InferenceError)):
        read_tensors(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([1, 2], "holds list, and no tensors by name"),
        ({}, "no tensors by name"),
        ({"weight": torch.zeros(1), "note": "text"}, "holds 'note', which is no tensor"),
    ],
)
def test_what_holds_no_tensors_by_name_is_refused(content, reason, tmp_path):
    torch.save(content, tmp_path / "model.pth")
    with pytest.raises(InferenceError, match=reason):
        read_tensors(tmp_path / "model.pth")


@pytest.mark.parametrize("content", [b"", b"no pickle", b"PK\x03\x04broken"], ids=["empty", "text", "zip"])
def test_damage_is_told(content, tmp_path):
    (tmp_path / "model.pth").write_bytes(content)
    with pytest.raises(InferenceError, match=r"model\.pth"):
        read_tensors(tmp_path / "model.pth")


def test_a_file_that_was_cut_is_told(tmp_path):
    torch.save(TENSORS, tmp_path / "model.pth")
    content = (tmp_path / "model.pth").read_bytes()
    (tmp_path / "model.pth").write_bytes(content[: len(content) // 2])
    with pytest.raises(InferenceError, match=r"model\.pth"):
        read_tensors(tmp_path / "model.pth")
