"""Estimates and refusals from facts alone."""

from dataclasses import replace

import pytest
from hub_openvino.conversion.predict import graphs, language_model
from hub_openvino.facts import accepts, context_of, graph_of, memory

from hub.types import Facts, WeightFile

SMOLLM = {
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "max_position_embeddings": 8192,
    "vocab_size": 49152,
}
IR = ("openvino_model.xml", "openvino_model.bin")
TOKENIZERS = tuple(f"openvino_{name}.{end}" for name in ("tokenizer", "detokenizer") for end in ("xml", "bin"))


def facts(*files, form="openvino", task="feature-extraction", family="llama", config=None, parts=None):
    listed = tuple(WeightFile(path=path, size=1, sha256=None, sources=()) for path in files)
    return Facts(
        task=task,
        family=family,
        format=form,
        files=listed,
        parts=parts or {"": files},
        size=90_000_000,
        config=config or {},
    )


def gguf(name, task="text-generation", **fields):
    return facts(name, form="gguf", task=task, **fields)


@pytest.mark.parametrize(
    ("files", "graph"),
    [
        (("model.onnx", "model.onnx_data"), "model.onnx"),
        (("a.xml", "a.bin"), "a.xml"),
        ((*IR, *TOKENIZERS), "openvino_model.xml"),
        (("openvino/openvino_model.xml", "openvino/openvino_model_qint8_quantized.xml"), "openvino/openvino_model.xml"),
    ],
)
def test_the_graph_of_a_part_is_found(files, graph):
    assert graph_of(files) == graph
    assert accepts(facts(*files), "run") is None


@pytest.mark.parametrize(("files", "reason"), [(("a.bin",), "no .xml"), (("a.xml", "b.xml"), "several graphs")])
def test_a_part_without_one_graph_is_refused_before_it_is_downloaded(files, reason):
    assert reason in accepts(facts(*files), "run")


@pytest.mark.parametrize("name", ["m.Q8_0.gguf", "m-f16.gguf", "m.fp16.gguf", "m-Q4_0.gguf", "m.Q6_K.gguf", "m.gguf"])
def test_types_that_the_reader_takes_over_are_accepted(name):
    assert accepts(gguf(name), "chat") is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "rounds the offsets of Q4_1"),
        ("m-Q4_K_M.gguf", "rounds the offsets of Q4_K_M"),
        ("m.Q5_K_S.gguf", "does not read Q5_K_S"),
        ("m-bf16.gguf", "does not read BF16"),
        ("m.IQ3_XXS.gguf", "does not read IQ3_XXS"),
    ],
)
def test_types_that_it_harms_or_does_not_read_are_refused_by_the_name_of_the_file(name, reason):
    assert reason in accepts(gguf(name), "chat")


@pytest.mark.parametrize(
    ("given", "verb", "reason"),
    [
        (gguf("m.Q8_0.gguf", family="gemma"), "chat", "GGUF of 'gemma' is not read; known: llama, qwen2, qwen3"),
        (gguf("m.Q8_0.gguf"), "run", "give no tensors"),
        (gguf("m.Q8_0.gguf", task="feature-extraction"), "chat", "for feature-extraction are not read"),
        (gguf("a.gguf", parts={"": ("a.gguf", "b.gguf")}), "chat", "one file"),
        (facts(*IR), "chat", "needs openvino_tokenizer.xml and openvino_detokenizer.xml"),
        (facts("model.onnx", form="onnx"), "chat", "answer no chat"),
    ],
)
def test_what_cannot_be_opened_is_said_from_facts(given, verb, reason):
    assert reason in accepts(given, verb)


def test_a_language_model_with_its_tokenizers_answers_chats():
    assert accepts(facts(*IR, *TOKENIZERS, task="text-generation"), "chat") is None


def test_what_a_conversion_gives_is_known_before_it_is_made():
    given = facts("model.onnx", "model.onnx_data", "tokenizer.json", form="onnx", parts={"": ("model.onnx",)})
    after = graphs(given, {})
    assert (after.format, after.parts, after.size) == ("openvino", {"": IR}, given.size)
    assert "tokenizer.json" in [file.path for file in after.files]
    assert "model.onnx" not in [file.path for file in after.files]
    assert accepts(after, "run") is None


def test_each_part_is_converted_in_its_own_folder():
    parts = {"encoder": ("encoder/model.onnx",), "decoder": ("decoder/model.onnx",)}
    after = graphs(facts("encoder/model.onnx", "decoder/model.onnx", form="onnx", parts=parts), {})
    assert after.parts["encoder"] == ("encoder/openvino_model.xml", "encoder/openvino_model.bin")


def test_a_conversion_of_several_graphs_says_that_it_cannot():
    assert "several graphs" in graphs(facts("a.onnx", "b.onnx", form="onnx"), {})


@pytest.mark.parametrize(
    ("name", "growth"),
    [("m.Q8_0.gguf", 1), ("m-bf16.gguf", 1), ("m.Q4_1.gguf", 3.76), ("m-Q5_K_M.gguf", 3.05), ("m.gguf", 3.76)],
)
def test_a_language_model_gets_its_tokenizer_and_float16_in_place_of_what_would_be_rounded(name, growth):
    after = language_model(gguf(name, config=SMOLLM), {})
    assert after.format == "openvino"
    assert after.parts == {"": (*IR, *TOKENIZERS)}
    assert after.config == SMOLLM
    assert after.size / 90_000_000 == pytest.approx(growth, rel=0.01)
    assert accepts(after, "chat") is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (gguf("m.f32.gguf"), "make them float16 first"),
        (gguf("m.Q4_1.gguf", family="gemma"), "GGUF of 'gemma' is not read"),
        (gguf("m.Q4_1.gguf", task="feature-extraction"), "for feature-extraction are not read"),
        (gguf("a.gguf", parts={"": ("a.gguf", "b.gguf")}), "one file"),
    ],
)
def test_a_language_model_that_cannot_be_converted_says_so(given, reason):
    assert reason in language_model(given, {})


def test_the_context_is_what_was_asked_or_the_default_within_the_models_own():
    assert context_of(gguf("m.gguf", config=SMOLLM), {}) == 4096
    assert context_of(gguf("m.gguf", config={"max_position_embeddings": 512}), {}) == 512
    assert context_of(gguf("m.gguf", config=SMOLLM), {"context_length": 100}) == 100


def test_keys_and_values_are_counted_in_the_type_that_they_are_kept_in():
    given = gguf("m.gguf", config=SMOLLM)
    values = 2 * 30 * 3 * 64 * 1000
    assert memory(given, {"context_length": 1000, "kv_cache": "f16"}).cache == 2 * values
    assert memory(given, {"context_length": 1000, "precision": "f32"}).cache == 4 * values
    assert values < memory(given, {"context_length": 1000}).cache < 2 * values


@pytest.mark.parametrize(("size", "copies", "exact"), [(246_000_000, 3, 4), (139_000_000, 2, 2), (88_000_000, 2, 2)])
def test_a_graph_in_float16_is_known_by_its_size_and_has_more_copies(size, copies, exact):
    given = replace(facts(*IR, *TOKENIZERS, task="text-generation", config=SMOLLM), size=size)
    assert memory(given, {}).weights == copies * size
    assert memory(given, {"precision": "f32"}).weights == exact * size
    assert memory(replace(given, config={}), {}).weights == 2 * size


def test_the_estimate_of_a_batch_grows_with_the_model():
    small = {"hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12, "max_position_embeddings": 512}
    large = {**small, "hidden_size": 768, "intermediate_size": 3072}
    assert memory(facts(*IR), {}).working < memory(facts(*IR, config=small), {}).working
    assert memory(facts(*IR, config=small), {}).working < memory(facts(*IR, config=large), {}).working
    assert memory(facts(*IR), {}).cache == 0
