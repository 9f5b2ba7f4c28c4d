"""Whether a model can be exported is told from facts, before anything is downloaded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hub_export.facts import predict_decoder, predict_encoder

from hub.types import Facts, WeightFile


def facts(task: str, family: str, *paths: str, **config) -> Facts:
    files = tuple(WeightFile(path=path, size=10, sha256=None, sources=()) for path in paths)
    parts = {"": tuple(path for path in paths if path.endswith(".safetensors"))}
    return Facts(task=task, family=family, format="safetensors", files=files, parts=parts, size=1000, config=config)


WHOLE = ("model.safetensors", "config.json", "tokenizer.json")


def test_an_encoder_keeps_its_assets_and_gets_a_graph():
    after = predict_encoder(facts("feature-extraction", "bert", *WHOLE), {})
    assert isinstance(after, Facts)
    assert (after.format, after.parts, after.size) == ("onnx", {"": ("model.onnx",)}, 1000)
    assert [file.path for file in after.files] == ["config.json", "tokenizer.json"]


def test_a_module_of_a_model_plugin_needs_no_config():
    given = replace(facts("image-classification", "of-its-own", "model.safetensors"), architectures={"torch": "m:b"})
    after = predict_encoder(given, {})
    assert isinstance(after, Facts)
    assert after.format == "onnx"


def test_a_decoder_also_gets_the_file_that_tells_it_from_other_graphs():
    after = predict_decoder(facts("text-generation", "llama", *WHOLE, torch_dtype="bfloat16"), {})
    assert isinstance(after, Facts)
    assert "genai_config.json" in [file.path for file in after.files]
    assert after.size == 2000


@pytest.mark.parametrize(
    ("predict", "task", "family", "files", "told"),
    [
        (predict_encoder, "text-generation", "llama", WHOLE, "does not answer in one pass"),
        (predict_encoder, "feature-extraction", "bert", WHOLE[:1], "no config.json"),
        (predict_decoder, "feature-extraction", "bert", WHOLE, "not for feature-extraction"),
        (predict_decoder, "text-generation", "rwkv", WHOLE, "family 'rwkv' is none"),
        (predict_decoder, "text-generation", "llama", WHOLE[:1], "no config.json"),
    ],
)
def test_what_cannot_be_exported_says_why(predict, task, family, files, told):
    assert told in predict(facts(task, family, *files), {})
