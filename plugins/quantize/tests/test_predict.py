"""Sizes and refusals from facts alone."""

import pytest
from hub_quantize.facts import bytes_per_weight, count, graph_of

from hub.testing import get_host
from hub.types import Facts, WeightFile
from plugins.quantize.tests.conftest import spec_of

MINILM = {
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "hidden_size": 384,
    "intermediate_size": 1536,
    "max_position_embeddings": 512,
    "vocab_size": 30522,
}
SMOLLM = {
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "vocab_size": 49152,
    "tie_word_embeddings": True,
}


def facts(form, size, *paths, family="bert", config=MINILM):
    files = tuple(WeightFile(path=path, size=size // len(paths), sha256=None, sources=()) for path in paths)
    return Facts(
        task="feature-extraction", family=family, format=form, files=files, parts={"": paths}, size=size, config=config
    )


def predict(name, given, **options):
    provided, spec = get_host().transforms[name], spec_of(name)
    values = {option.name: option.default for option in spec.options} | options
    return get_host().resolve(provided, spec.predict)(given, values)


@pytest.mark.parametrize(
    ("family", "config", "parameters"), [("bert", MINILM, 22_713_216), ("llama", SMOLLM, 134_515_008)]
)
def test_weights_are_counted_from_the_config(family, config, parameters):
    counted = count(facts("onnx", 1, "model.onnx", family=family, config=config))
    assert counted.total == pytest.approx(parameters, rel=0.01)


@pytest.mark.parametrize(
    ("name", "options", "megabytes"),
    [
        ("onnx-int8-dynamic", {}, 23.0),
        ("onnx-int8-dynamic", {"embeddings": False}, 58.6),
        ("onnx-int8-static", {}, 23.0),
        ("onnx-int8", {}, 24.5),
        ("onnx-int4", {}, 19.0),
        ("onnx-fp16", {}, 45.2),
    ],
)
def test_the_size_of_what_comes_out_is_known_to_a_twentieth(name, options, megabytes):
    after = predict(name, facts("onnx", 90_318_300, "model.onnx", "model.onnx_data"), **options)
    assert after.size == pytest.approx(megabytes * 1e6, rel=0.05)
    assert after.format == "onnx"


@pytest.mark.parametrize(
    ("name", "form", "path"),
    [
        ("openvino-int8", "openvino", "openvino_model.xml"),
        ("openvino-int4", "openvino", "openvino_model.xml"),
        ("openvino-int8-static", "openvino", "openvino_model.xml"),
        ("openvino-fp16", "openvino", "openvino_model.xml"),
        ("safetensors-bf16", "safetensors", "model.safetensors"),
        ("gguf-int8", "gguf", "model.gguf"),
    ],
)
def test_weights_of_32_bits_are_taken_and_get_smaller(name, form, path):
    before = facts(form, 90_868_376, path)
    assert 15e6 < predict(name, before).size < 46e6


@pytest.mark.parametrize("name", ["onnx-int8", "onnx-int8-dynamic", "onnx-int8-static", "onnx-fp16"])
def test_weights_that_are_small_already_are_refused_with_what_could_be_compressed(name):
    told = predict(name, facts("onnx", 22_928_619, "model.onnx"))
    assert "take 1.0 bytes each" in told
    assert "would not make them smaller" in told
    assert "fp32" in told


def test_a_4_bit_gguf_is_not_quantized_again():
    before = facts("gguf", 98_362_432, "SmolLM2.Q4_1.gguf", family="llama", config=SMOLLM)
    assert bytes_per_weight(before) == pytest.approx(0.73, abs=0.01)
    for name in ("gguf-int4", "gguf-int8", "gguf-fp16"):
        assert "would not make them smaller" in predict(name, before)


@pytest.mark.parametrize(
    ("name", "form", "paths", "reason"),
    [
        ("onnx-int8", "onnx", ("encoder.onnx", "decoder.onnx"), "several graphs"),
        ("onnx-int8", "onnx", ("model.onnx_data",), "no .onnx file"),
        ("openvino-int8", "openvino", ("a.xml", "b.xml"), "several graphs"),
        ("gguf-int8", "gguf", ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf"), "split into several files"),
        ("gguf-int8", "gguf", ("a.gguf", "b.gguf"), "several GGUF files"),
    ],
)
def test_files_of_which_none_is_the_one_to_compress_are_refused(name, form, paths, reason):
    assert reason in predict(name, facts(form, 90_000_000, *paths))


def test_files_that_a_converter_will_make_are_not_asked_for():
    made = Facts(task="feature-extraction", family="bert", format="openvino", files=(), parts={"": ()}, size=90_000_000)
    assert predict("openvino-int8", made).size < 30_000_000


def test_without_a_config_weights_count_as_float32():
    after = predict("onnx-int8-dynamic", facts("onnx", 40_000_000, "model.onnx", config={}))
    assert after.size == pytest.approx(10_200_000, rel=0.01)


def test_the_main_graph_is_told_from_others():
    assert graph_of(("onnx/model.onnx", "onnx/model_O4.onnx"), ".onnx") == "onnx/model.onnx"
