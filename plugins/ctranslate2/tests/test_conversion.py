"""Whisper from CTranslate2 to the Hugging Face layout: the same numbers, the same answers."""

import json
import shutil

import numpy as np
import pytest
from hub_ctranslate2.conversion import convert
from hub_ctranslate2.facts import predict
from safetensors.numpy import load_file

import hub
from hub.errors import InferenceError
from hub.runtime.protocols import Generate, Sampling, TransformRequest
from hub.testing import Opening
from hub.types import Facts, WeightFile

FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.json")
FACTS = Facts(
    task="automatic-speech-recognition",
    family="whisper",
    format="ctranslate2",
    files=tuple(WeightFile(path=name, size=10, sha256=None, sources=()) for name in FILES),
    parts={"": ("model.bin",)},
    size=40,
)


@pytest.fixture(scope="module")
def converted(made, tmp_path_factory):
    out = tmp_path_factory.mktemp("converted")
    convert(TransformRequest(path=made.ctranslate2, out=out, facts=FACTS))
    return out


def test_every_tensor_is_what_it_was(made, converted):
    wanted, given = load_file(made.safetensors / "model.safetensors"), load_file(converted / "model.safetensors")
    assert given.keys() == wanted.keys()
    for name, tensor in wanted.items():
        np.testing.assert_array_equal(given[name], tensor, err_msg=name)


def test_the_config_is_what_it_was(made, converted):
    wanted, given = (json.loads((path / "config.json").read_text()) for path in (made.safetensors, converted))
    for name in given.keys() & wanted.keys() - {"dtype", "transformers_version"}:
        assert given[name] == wanted[name], name
    generation = json.loads((converted / "generation_config.json").read_text())
    assert generation["suppress_tokens"] == [1, 2, 7, 50_258]
    assert generation["begin_suppress_tokens"] == [220, 50_257]


def test_both_give_the_same_tokens(made):
    """The rules for times included."""
    features = np.random.default_rng(0).normal(0, 0.5, (1, 80, 3000)).astype(np.float32)
    prompts = [(50_258, 50_259, 50_359), (50_258, 50_259, 50_359, 50_363)]
    sampling = Sampling(max_tokens=24)
    answers = []
    for folder, backend in ((made.ctranslate2, "ctranslate2"), (made.safetensors, "torch")):
        session = Opening.of(str(folder), backend=backend).session()
        requests = [
            Generate(prompts=(prompt,), feeds={"input_features": features}, sampling=sampling, eos=(50_257,),
                     suppress=(1, 2, 7, 50_258))
            for prompt in prompts
        ]  # fmt: skip
        answers.append([session.generate(request, lambda _: False)[0].ids for request in requests])
        session.close()
    assert answers[0] == answers[1]
    assert all(answers[0])
    assert answers[0][0][0] >= 50_364


def test_a_folder_runs_through_torch_by_the_plan(made):
    with hub.load(str(made.ctranslate2), backend="torch") as model:
        assert [step.name for step in model.plan.recipe] == ["safetensors"]


def test_the_layout_is_foretold(made):
    after = predict(FACTS, {})
    assert after.format == "safetensors"
    assert after.parts == {"": ("model.safetensors",)}
    assert {file.path for file in after.files} == {"model.safetensors", *FILES[1:]}


def test_what_is_no_whisper_is_refused_before_it_is_done():
    from dataclasses import replace

    assert "marian" in predict(replace(FACTS, family="marian"), {})


def test_weights_in_8_bits_are_refused(made, tmp_path):
    import ctranslate2

    for path in made.ctranslate2.iterdir():
        shutil.copyfile(path, tmp_path / path.name)
    from ctranslate2.converters.transformers import WhisperLoader
    from transformers import WhisperForConditionalGeneration

    from plugins.ctranslate2.tests.models_made import whisper_tokens

    spec = WhisperLoader().get_model_spec(WhisperForConditionalGeneration.from_pretrained(made.safetensors))
    spec.register_vocabulary(whisper_tokens(multilingual=True))
    spec.validate()
    spec.optimize("int8")
    spec.save(str(tmp_path))
    assert ctranslate2.contains_model(str(tmp_path))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(InferenceError, match="8 bits"):
        convert(TransformRequest(path=tmp_path, out=out, facts=FACTS))


def test_weights_that_lack_a_tensor_are_named(made, tmp_path, monkeypatch):
    from hub_ctranslate2 import conversion
    from hub_ctranslate2.binary import Binary, read_binary

    def lacking(path):
        found = read_binary(path)
        kept = {name: array for name, array in found.variables.items() if name != "encoder/conv1/bias"}
        return Binary(spec=found.spec, revision=found.revision, variables=kept)

    monkeypatch.setattr(conversion, "read_binary", lacking)
    with pytest.raises(InferenceError, match="conv1/bias"):
        convert(TransformRequest(path=made.ctranslate2, out=tmp_path, facts=FACTS))
