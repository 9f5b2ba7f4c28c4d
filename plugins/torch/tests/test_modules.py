"""Modules that a model plugin builds answer `run` with weights that no config describes."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from hub_torch.backend import open_model
from safetensors.torch import save_file
from torch import nn

from hub.errors import InferenceError, InputError
from hub.runtime.protocols import OpenRequest
from hub.types import Facts


class Logits(NamedTuple):
    logits: torch.Tensor


class Mean(nn.Module):
    """Labels by the mean of each channel."""

    def __init__(self, labels=4):
        super().__init__()
        self.head = nn.Linear(3, labels)

    def forward(self, pixel_values):
        return Logits(self.head(pixel_values.mean(dim=(2, 3))))


def build(facts, part):
    return Mean(facts.config["num_labels"])


def request(folder, architecture=build, **options):
    facts = Facts(
        task="image-classification",
        family="mean",
        format="safetensors",
        files=(),
        parts={"": ("model.safetensors",)},
        config={"num_labels": 4},
        architectures={"torch": "here:build"},
    )
    options = {"threads": 1, "dtype": "auto", **options}
    return OpenRequest(path=folder, verb="run", device="cpu", facts=facts, architecture=architecture, options=options)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    save_file(Mean().state_dict(), tmp_path / "model.safetensors")
    return tmp_path


def test_the_module_computes_with_the_weights_of_the_file(folder):
    session = open_model(request(folder))
    pixels = np.random.default_rng(0).random((2, 3, 5, 6), dtype=np.float32)
    found = session.run({"pixel_values": pixels})["logits"]
    torch.manual_seed(0)
    expected = Mean()(torch.from_numpy(pixels)).logits.detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert [tensor.name for tensor in session.inputs] == ["pixel_values"]
    assert session.metadata["parameters"] == 16
    session.close()


def test_it_computes_in_the_dtype_that_is_asked_for(folder):
    session = open_model(request(folder, dtype="bfloat16"))
    assert session.metadata["dtype"] == "bfloat16"
    found = session.run({"pixel_values": np.ones((1, 3, 2, 2), np.float32)})["logits"]
    assert found.dtype == np.float32


def test_weights_that_do_not_fit_are_refused(folder):
    with pytest.raises(InferenceError, match=r"do not fit Mean: .*head\.weight"):
        open_model(request(folder, lambda facts, part: Mean(5)))


def test_what_is_no_module_is_refused(folder):
    with pytest.raises(InferenceError, match="built int, and no module"):
        open_model(request(folder, lambda facts, part: 3))


def test_damaged_weights_are_refused(folder):
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(InferenceError, match="is damaged"):
        open_model(request(folder))


def test_an_empty_batch_is_refused(folder):
    session = open_model(request(folder))
    with pytest.raises(InputError, match="is empty"):
        session.run({"pixel_values": np.zeros((0, 3, 2, 2), np.float32)})


def test_nan_is_named_by_its_weight(folder):
    broken = Mean().state_dict()
    broken["head.bias"][1] = float("nan")
    save_file(broken, folder / "model.safetensors")
    with pytest.raises(InferenceError, match=r"head\.bias \(1 of 4 values\)"):
        open_model(request(folder)).run({"pixel_values": np.ones((1, 3, 2, 2), np.float32)})
