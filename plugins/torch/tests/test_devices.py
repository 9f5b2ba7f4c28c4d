"""Devices: the processor always, a GPU where there is one, and never another device than the one asked for."""

import numpy as np
import pytest
import torch
from hub_torch.devices import free_bytes, probe, usable_dtypes

from hub.errors import InferenceError
from hub.runtime.protocols import Delta, Generate, Sampling
from plugins.torch.tests.models_made import decoder, encoder

CUDA = torch.cuda.is_available()
needs_cuda = pytest.mark.skipif(not CUDA, reason="needs a CUDA device, and torch finds none")
needs_two = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
IDS = np.array([[5, 6, 7, 8], [9, 10, 11, 12]])
FEEDS = {"input_ids": IDS, "attention_mask": np.ones_like(IDS), "token_type_ids": np.zeros_like(IDS)}


def silent(_: Delta) -> bool:
    return False


def test_the_processor_is_always_found_and_comes_last():
    found = probe()
    assert found.devices[-1] == "cpu"
    assert found.versions["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert usable_dtypes("cpu")[:2] == ("float32", "bfloat16")


def test_free_memory_of_the_machine_is_told():
    assert free_bytes(torch.device("cpu")) > 1 << 20


@pytest.mark.skipif(CUDA, reason="CUDA can be used here")
def test_a_device_that_is_not_there_is_an_error_and_never_another_device(tmp_path, opened):
    encoder(tmp_path)
    with pytest.raises(InferenceError, match=r"finds no 'cuda' here, only .*cpu"):
        opened(tmp_path, "feature-extraction", "run", device="cuda")


@pytest.mark.gpu
@needs_cuda
def test_cuda_computes_what_the_processor_computes(tmp_path, opened):
    encoder(tmp_path)
    right = opened(tmp_path, "feature-extraction", "run").run(FEEDS)["last_hidden_state"]
    session = opened(tmp_path, "feature-extraction", "run", device="cuda")
    np.testing.assert_allclose(session.run(FEEDS)["last_hidden_state"], right, atol=1e-4)


@pytest.mark.gpu
@needs_cuda
def test_cuda_generates_what_the_processor_generates(tmp_path, opened):
    decoder(tmp_path)
    asked = Generate(prompts=((65, 66), (67, 68, 69, 70)), sampling=Sampling(max_tokens=16))
    right = opened(tmp_path, "text-generation", "generate").generate(asked, silent)
    session = opened(tmp_path, "text-generation", "generate", device="cuda")
    assert session.generate(asked, silent) == right
    seeded = Generate(prompts=((65, 66),), sampling=Sampling(max_tokens=16, temperature=1.0, seed=5))
    assert session.generate(seeded, silent) == session.generate(seeded, silent)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("dtype", usable_dtypes("cuda") if CUDA else ["float32"])
def test_every_dtype_that_cuda_takes_computes(tmp_path, opened, dtype):
    encoder(tmp_path)
    right = opened(tmp_path, "feature-extraction", "run").run(FEEDS)["last_hidden_state"]
    found = opened(tmp_path, "feature-extraction", "run", device="cuda", dtype=dtype).run(FEEDS)["last_hidden_state"]
    assert (found * right).sum() / np.linalg.norm(found) / np.linalg.norm(right) > 0.999


@pytest.mark.gpu
@needs_cuda
def test_close_gives_the_memory_of_the_gpu_back(tmp_path, opened):
    encoder(tmp_path, hidden_size=512, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=8)
    before = torch.cuda.memory_reserved()
    session = opened(tmp_path, "feature-extraction", "run", device="cuda")
    session.run(FEEDS)
    assert torch.cuda.memory_reserved() > before + 100_000_000
    session.close()
    assert torch.cuda.memory_reserved() < before + 40_000_000


@pytest.mark.gpu
@needs_cuda
def test_a_batch_that_no_gpu_holds_says_what_was_needed_and_the_next_one_works(tmp_path, opened):
    encoder(tmp_path, max_position_embeddings=4096, num_hidden_layers=1)
    session = opened(tmp_path, "feature-extraction", "run", device="cuda")
    huge = np.ones((1 << 15, 4096), np.int64)
    with pytest.raises(InferenceError, match=r"a batch of 32768 x 4096 needs another .* on cuda, and .* are free"):
        session.run({"input_ids": huge, "attention_mask": huge, "token_type_ids": huge * 0})
    assert session.run(FEEDS)["last_hidden_state"].shape == (2, 4, 32)


@pytest.mark.gpu
@needs_two
def test_a_model_larger_than_a_gpu_is_spread_over_all(tmp_path, opened, monkeypatch):
    decoder(tmp_path)
    monkeypatch.setattr("hub_torch.backend._spread", lambda request: True)
    asked = Generate(prompts=((65, 66), (67, 68, 69, 70)), sampling=Sampling(max_tokens=16))
    right = opened(tmp_path, "text-generation", "generate").generate(asked, silent)
    assert opened(tmp_path, "text-generation", "generate", device="cuda").generate(asked, silent) == right
