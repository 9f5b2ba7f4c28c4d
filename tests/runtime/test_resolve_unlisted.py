"""Which variants, and which of their files, are seen in a folder or repository that no registry lists."""

from __future__ import annotations

import pytest

from hub.errors import PlanError, PolicyError
from hub.plugin.builtin import hub_formats
from hub.plugin.specs import FormatSpec
from hub.runtime.references.unlisted import beside, find_variants
from hub.types import WeightFile

FORMATS = {spec.id: spec for spec in hub_formats()}


def files(*paths: str) -> tuple[WeightFile, ...]:
    return tuple(
        WeightFile(path=path, size=10 + number, sha256=None, sources=(f"x:{path}",))
        for number, path in enumerate(paths)
    )


def seen(*paths: str, formats: dict[str, FormatSpec] = FORMATS) -> dict[str, list[str]]:
    variants = find_variants(files(*paths), formats, where="here")
    return {variant.name: [file.path for file in variant.files] for variant in variants}


def test_a_hugging_face_folder_is_one_variant_with_its_tokenizer_and_pooling():
    paths = ("1_Pooling/config.json", "config.json", "model.safetensors", "tokenizer.json", "vocab.txt")
    assert seen(*paths, "README.md", ".gitattributes") == {"safetensors": list(paths)}


def test_the_shards_of_safetensors_are_taken_together_with_their_index():
    paths = ["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = "model.safetensors.index.json"
    assert seen(*paths, index) == {"safetensors": [*paths, index]}


@pytest.mark.parametrize(
    "other", ["consolidated.safetensors", "original/model.safetensors", "adapter_model.safetensors"]
)
def test_the_same_weights_in_another_layout_are_left(other):
    assert seen("config.json", "model.safetensors", other) == {"safetensors": ["config.json", "model.safetensors"]}


def test_each_gguf_file_is_a_variant_named_by_its_quantization_and_the_usual_one_comes_first():
    names = seen("x.Q8_0.gguf", "x-F16.gguf", "x.Q2_K.gguf", "x-Q4_K_M.gguf", "x.IQ3_XXS.gguf", "mmproj-x-f16.gguf")
    assert list(names) == ["q4_k_m", "q8_0", "f16", "q2_k", "iq3_xxs"]
    assert names["q4_k_m"] == ["x-Q4_K_M.gguf"]


def test_the_shards_of_a_gguf_file_are_one_variant():
    shards = ["q8_0/x-Q8_0-00001-of-00002.gguf", "q8_0/x-Q8_0-00002-of-00002.gguf"]
    assert seen(*shards) == {"q8_0": shards}


def test_gguf_files_that_tell_no_quantization_are_named_by_the_file():
    assert seen("model.gguf") == {"gguf": ["model.gguf"]}
    assert set(seen("First Model.gguf", "second.gguf")) == {"first-model", "second"}


def test_two_gguf_files_of_one_quantization_keep_names_of_their_own():
    assert list(seen("a-Q8_0.gguf", "b-Q8_0.gguf")) == ["q8_0", "q8_0-2"]


def test_each_onnx_graph_is_a_variant_with_its_external_data():
    found = seen(
        "config.json", "onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_int8.onnx", "onnx/model_fp16.onnx"
    )
    assert found == {
        "onnx": ["config.json", "onnx/model.onnx", "onnx/model.onnx_data"],
        "onnx-fp16": ["config.json", "onnx/model_fp16.onnx"],
        "onnx-int8": ["config.json", "onnx/model_int8.onnx"],
    }


IR = FormatSpec(id="ir", match=("*.xml", "*.bin"), weights=("*.xml", "*.bin"))
NAMED = FormatSpec(id="named", match=("model.bin", "vocabulary.json"), weights=("model.bin",))


def test_a_binary_beside_weights_of_its_name_is_a_formats_own_and_other_ones_stay_pickles():
    own = ["config.json", "openvino/openvino_model.bin", "openvino/openvino_model.xml"]
    others = ("pytorch_model.bin", "openvino/training_args.bin", "openvino_model.bin")
    assert seen(*own, *others, formats={"ir": IR}) == {"ir": own}


def test_a_binary_that_a_format_names_in_full_is_its_own_where_the_rest_of_the_format_is_there():
    formats = {"named": NAMED}
    assert seen("model.bin", "vocabulary.json", "pytorch_model.bin", formats=formats) == {
        "named": ["model.bin", "vocabulary.json"]
    }
    with pytest.raises(PolicyError, match="pickle alone"):
        seen("model.bin", "config.json", formats=formats)


def test_a_binary_of_one_format_is_of_no_other():
    with pytest.raises(PolicyError, match="pickle alone"):
        seen("pytorch_model.bin", "readme.xml", formats={"ir": IR})
    assert list(seen("config.json", "model.safetensors", "model.bin", formats={**FORMATS, "ir": IR})) == ["safetensors"]


def test_the_binary_beside_a_graph_that_was_named_is_taken_with_it():
    found = beside(files("a.xml", "a.bin", "b.xml", "b.bin", "config.json"), "a.xml")
    assert [file.path for file in found] == ["a.xml", "a.bin", "config.json"]


def test_formats_come_in_the_order_of_the_host():
    assert list(seen("config.json", "model.safetensors", "x.gguf", "model.onnx")) == ["safetensors", "gguf", "onnx"]


def test_a_format_of_a_plugin_is_seen_by_its_patterns():
    formats = {"ct2": FormatSpec(id="ct2", match=("model.ct2", "vocabulary.*"), weights=("model.ct2",))}
    assert seen("model.ct2", "vocabulary.txt", formats=formats) == {"ct2": ["model.ct2", "vocabulary.txt"]}
    with pytest.raises(PlanError):
        seen("model.ct2", formats=formats)


def test_pickles_and_programs_are_never_picked():
    paths = ("config.json", "model.safetensors", "pytorch_model.bin", "modeling_x.py", "training_args.bin", "x.pt")
    assert seen(*paths) == {"safetensors": ["config.json", "model.safetensors"]}


@pytest.mark.parametrize("path", ["pytorch_model.bin", "model.pt", "model.PTH", "model.pkl", "last.ckpt", "m.joblib"])
def test_weights_as_pickle_alone_are_refused_with_what_would_do(path):
    with pytest.raises(PolicyError, match="pickle alone") as caught:
        seen("config.json", path)
    assert caught.value.exit_code == 4
    assert "safetensors" in caught.value.hint


def test_a_plugins_format_does_not_get_pickles_either():
    formats = {"torch": FormatSpec(id="torch", match=("*.bin",), weights=("*.bin",))}
    with pytest.raises(PolicyError):
        seen("pytorch_model.bin", formats=formats)


def test_nothing_that_is_known_is_an_error_that_lists_what_is_known():
    with pytest.raises(PlanError, match=r"known: safetensors \(\*.safetensors \+ config.json\), gguf") as caught:
        seen("notes.md")
    assert caught.value.details == ("notes.md",)


@pytest.mark.parametrize("path", ["../x.gguf", "/x.gguf", "a\\x.gguf", ".git/x.gguf"])
def test_files_that_climb_or_hide_are_not_picked(path):
    assert seen("good.gguf", path) == {"gguf": ["good.gguf"]}


def test_beside_a_named_gguf_file_only_its_shards_are_taken():
    paths = files("a-00001-of-00002.gguf", "a-00002-of-00002.gguf", "b.gguf", "config.json")
    assert [file.path for file in beside(paths, "a-00001-of-00002.gguf")] == [
        "a-00001-of-00002.gguf",
        "a-00002-of-00002.gguf",
    ]


def test_beside_a_named_onnx_file_its_data_and_the_assets_are_taken():
    paths = files("a.onnx", "a.onnx_data", "b.onnx", "tokenizer.json", "x.bin")
    assert [file.path for file in beside(paths, "a.onnx")] == ["a.onnx", "a.onnx_data", "tokenizer.json"]
