"""What is refused, and what is foretold, before anything is opened."""

import re
from dataclasses import replace

import pytest
from hub_prune.facts import predict, predict_onnx

from hub.types import Facts, WeightFile

MINILM = {
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "num_key_value_heads": 12,
    "head_dim": 32,
    "hidden_size": 384,
    "intermediate_size": 1536,
}
SMOL = {
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
    "hidden_size": 576,
    "intermediate_size": 1536,
}


def facts(config, family, size, task="feature-extraction"):
    weights = WeightFile(path="model.safetensors", size=size, sha256=None, sources=())
    asset = WeightFile(path="tokenizer.json", size=1000, sha256=None, sources=())
    parts = {"": ("model.safetensors",)}
    return Facts(
        task=task, family=family, format="safetensors", files=(weights, asset), parts=parts, size=size, config=config
    )


BERT = facts(MINILM, "bert", 90_868_376)
LLAMA = facts(SMOL, "llama", 538_090_408, "text-generation")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "nothing is asked for"),
        ({"layers": 6}, "leaves nothing: the model has 6"),
        ({"heads": 1.0}, "heads=1 leaves nothing"),
        ({"ffn": 1.5}, "ffn=1.5 leaves nothing"),
        ({"ffn": 0.999}, "leaves none of 1536 channels"),
        ({"heads": 0.99}, "leaves none of 12 attention heads"),
        ({"heads": 0.01}, r"removes nothing of 12 attention heads: the least is heads=0\.09"),
        ({"ffn": 0.001}, "removes nothing of 1536 channels"),
        ({"size": 0.5, "ffn": 0.2, "heads": 0.1}, "leave out ffn and heads, or leave out size"),
        ({"size": 1.2}, "no share of the size"),
        ({"size": 0.3}, r"cannot be reached .* drop layers too"),
        ({"sparsity": 1.0}, "sparsity=1 leaves nothing"),
        ({"sparsity": 0.4, "pattern": "2:4"}, r"sparsity must be 0\.5"),
        ({"ffn": 0.25, "method": "wanda"}, "name the share too"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(options, reason):
    for way in (predict, predict_onnx):
        found = way(BERT, options)
        assert isinstance(found, str)
        assert re.search(reason, found), found


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"family": "mamba"}, "it knows the layers of bert, .*llama.* not of mamba"),
        ({"family": ""}, "not of a model without a model_type"),
        ({"task": "image-classification"}, "prunes models of texts"),
        ({"config": {"num_hidden_layers": 6}}, "does not say hidden_size, num_attention_heads, intermediate_size"),
        ({"config": {**MINILM, "quantization_config": {"bits": 4}}}, "prune before the quantization"),
        ({"parts": {"encoder": (), "decoder": ()}}, "models of one part"),
    ],
)
def test_a_model_that_it_does_not_know_is_refused(changed, reason):
    found = predict(replace(BERT, **changed), {"ffn": 0.25})
    assert isinstance(found, str)
    assert re.search(reason, found), found


def test_shares_become_numbers():
    after = predict(BERT, {"ffn": 0.25, "layers": 2})
    assert (after.config["intermediate_size"], after.config["num_hidden_layers"]) == (1152, 4)
    removed = 2 * (4 * 384 * 384 + 2 * 384 * 1536) + 4 * 2 * 384 * 384
    assert after.size == 90_868_376 - 4 * removed + 1000


def test_heads_that_share_keys_go_together():
    after = predict(LLAMA, {"heads": 0.25})
    assert (after.config["num_attention_heads"], after.config["num_key_value_heads"]) == (6, 2)
    assert after.config["head_dim"] == 64
    assert "0.34" in predict(LLAMA, {"heads": 0.1})


def test_heads_of_an_encoder_come_as_onnx():
    assert "comes as onnx" in predict(BERT, {"heads": 0.25})
    after = predict_onnx(BERT, {"heads": 0.25})
    assert (after.format, after.config["num_attention_heads"], after.config["head_dim"]) == ("onnx", 9, 32)
    assert after.parts == {"": ("model.onnx",)}
    assert {file.path for file in after.files} == {"model.onnx", "tokenizer.json"}
    assert predict_onnx(BERT, {"ffn": 0.25}) == predict_onnx(LLAMA, {"heads": 0.34}) == "it stays safetensors"


def test_a_size_is_met_by_the_least_that_reaches_it():
    for share in (0.9, 0.8, 0.72):
        after = predict(BERT, {"size": share})
        assert 0.97 * share < (after.size - 1000) / 90_868_376 <= share
        assert predict_onnx(BERT, {"size": share}) == "it stays safetensors"
    assert isinstance(predict(BERT, {"size": 0.6}), str)
    assert predict_onnx(BERT, {"size": 0.6}).size <= 0.6 * 90_868_376 + 1000
    assert predict(LLAMA, {"size": 0.6}).config["num_attention_heads"] == 6


def test_zeros_change_no_size():
    assert predict(BERT, {"sparsity": 0.5}).size == BERT.size + 1000
