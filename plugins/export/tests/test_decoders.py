"""A built decoder generates what the weights generate, and passes what every backend must."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from hub_export import decoders
from transformers import LlamaForCausalLM

from hub.errors import ContextOverflow, InferenceError, InputError, PluginBroken
from hub.runtime.protocols import Generate, OpenRequest, Sampling, Score
from hub.testing import BackendContract, Opening
from hub.types import Facts, WeightFile
from plugins.export.tests.conftest import request

PROMPT = tuple(range(5, 25))


@pytest.fixture(scope="session")
def built(decoder, tmp_path_factory):
    """The graph with its assets, as the core lays them together."""
    out = tmp_path_factory.mktemp("built")
    decoders.export(request(decoder, out, "text-generation", "llama"))
    assert sorted(path.name for path in out.iterdir()) == ["genai_config.json", "model.onnx", "model.onnx.data"]
    for path in decoder.glob("*.json"):
        if path.name != "genai_config.json":
            shutil.copyfile(path, out / path.name)
    return out


@pytest.fixture
def session(built):
    from hub_onnx.opening import open_part

    files = tuple(WeightFile(path=path.name, size=None, sha256=None, sources=()) for path in built.iterdir())
    parts = {"": ("model.onnx", "model.onnx.data")}
    facts = Facts(task="text-generation", family="llama", format="onnx", files=files, parts=parts)
    options = {"threads": 1, "context_length": None}
    opened = open_part(OpenRequest(path=built, verb="generate", device="cpu", facts=facts, options=options))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def model(decoder):
    return LlamaForCausalLM.from_pretrained(decoder, dtype=torch.float32).eval()


def test_greedy_tokens_are_those_of_the_weights(session, model):
    [found] = session.generate(Generate(prompts=(PROMPT,), sampling=Sampling(max_tokens=12)), lambda _: False)
    expected = model.generate(torch.tensor([PROMPT]), max_new_tokens=12, do_sample=False, eos_token_id=None)
    assert found.ids == tuple(expected[0, len(PROMPT) :].tolist())
    assert (found.finish, found.prompt_tokens) == ("length", len(PROMPT))


def test_an_end_is_obeyed_and_not_given(session):
    [free] = session.generate(Generate(prompts=(PROMPT,), sampling=Sampling(max_tokens=6)), lambda _: False)
    request = Generate(prompts=(PROMPT,), sampling=Sampling(max_tokens=6), eos=(free.ids[3],))
    [found] = session.generate(request, lambda _: False)
    assert found.finish == "stop"
    assert found.ids == free.ids[: free.ids.index(free.ids[3])]


def test_what_is_sampled_comes_again_with_its_seed(session):
    def sampled(seed):
        sampling = Sampling(max_tokens=10, temperature=2.0, seed=seed)
        return session.generate(Generate(prompts=(PROMPT,), sampling=sampling), lambda _: False)[0].ids

    assert sampled(1) == sampled(1)
    assert len({sampled(seed) for seed in range(4)}) > 1


def test_scores_are_those_of_the_weights(session, model):
    [found] = session.score(Score(prompts=(PROMPT,)))
    with torch.inference_mode():
        expected = model(torch.tensor([PROMPT])).logits.log_softmax(dim=-1)[0, :-1].numpy()
    assert found.ids == PROMPT
    assert np.abs(found.logprobs - expected).max() < 1e-4


def test_a_prompt_without_room_is_refused(session):
    with pytest.raises(ContextOverflow, match="128 tokens, and the context holds 128"):
        session.generate(Generate(prompts=(tuple([5] * 128),)), lambda _: False)


def test_an_id_that_is_not_known_is_refused(session):
    with pytest.raises(InputError, match="holds the id 120"):
        session.generate(Generate(prompts=((5, 120),)), lambda _: False)


def test_logits_that_differ_are_refused(decoder, built, tmp_path, monkeypatch):
    other, out = tmp_path / "other", tmp_path / "out"
    shutil.copytree(decoder, other)
    model = LlamaForCausalLM.from_pretrained(decoder, dtype=torch.float32)
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight[3] += 1
    model.save_pretrained(other)
    monkeypatch.setattr(decoders, "_build", lambda weights, out, cache: shutil.copytree(built, out))
    with pytest.raises(PluginBroken, match="differ from those of the weights by"):
        decoders.export(request(other, out, "text-generation", "llama"))


def test_the_builder_s_reason_is_told(decoder, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(decoder, broken)
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps({**config, "architectures": ["OddForCausalLM"]}))
    (tmp_path / "out").mkdir()
    with pytest.raises(InferenceError, match="cannot build this model"):
        decoders.export(request(broken, tmp_path / "out", "text-generation", "llama"))


class TestGenerate(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, built):
        return Opening.of(str(built), backend="onnx", threads=1)
