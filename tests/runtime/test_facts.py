"""Facts of registry entries: which files are weights, of which part, and the numbers that size a model."""

from __future__ import annotations

from hub.plugin.specs import FormatSpec
from hub.registry.schema import File, Model, Variant
from hub.runtime.references.facts import facts_of, weights_size


def file(path: str, size: int = 1, part: str = "") -> File:
    return File(path=path, size=size, sha256="a" * 64, sources=(f"https://example.org/{path}",), part=part)


def model(*files: File, form: str = "onnx", **fields: object) -> Model:
    variant = Variant(name="v", format=form, files=files)
    given = {"id": "a/b", "task": "feature-extraction", "license": "MIT", "summary": "", **fields}
    return Model(variants=(variant,), **given)  # type: ignore[arg-type]


def test_weights_are_told_from_assets() -> None:
    entry = model(file("onnx/model.onnx", 5), file("onnx/model.onnx_data", 100), file("tokenizer.json", 7))
    facts = facts_of(entry, entry.variants[0])
    assert facts.parts == {"": ("onnx/model.onnx", "onnx/model.onnx_data")}
    assert (facts.size, weights_size(facts)) == (112, 105)
    assert len(facts.files) == 3


def test_each_part_has_its_weights() -> None:
    entry = model(file("det.onnx", part="det"), file("rec.onnx", part="rec"), file("keys.txt", part="rec"))
    assert facts_of(entry, entry.variants[0]).parts == {"det": ("det.onnx",), "rec": ("rec.onnx",)}


def test_every_file_of_an_unknown_format_is_a_weight() -> None:
    entry = model(file("model.bin"), file("vocabulary.txt"), form="ctranslate2")
    assert facts_of(entry, entry.variants[0]).parts == {"": ("model.bin", "vocabulary.txt")}


def test_a_format_of_a_plugin_tells_its_weights() -> None:
    spec = FormatSpec(id="ctranslate2", match=("model.bin",), weights=("model.bin",))
    entry = model(file("model.bin"), file("vocabulary.txt"), form="ctranslate2")
    assert facts_of(entry, entry.variants[0], formats={"ctranslate2": spec}).parts == {"": ("model.bin",)}


def test_the_context_length_of_an_entry_is_a_number_of_its_config() -> None:
    entry = model(file("model.onnx"), context_length=256)
    assert facts_of(entry, entry.variants[0]).config == {"max_position_embeddings": 256}
    entry = model(file("model.onnx"), context_length=256, config={"max_position_embeddings": 512})
    assert facts_of(entry, entry.variants[0]).config["max_position_embeddings"] == 512


def test_the_family_is_the_entrys_or_its_configs() -> None:
    entry = model(file("model.onnx"), config={"model_type": "bert"})
    assert facts_of(entry, entry.variants[0]).family == "bert"
    entry = model(file("model.onnx"), family="llama", config={"model_type": "bert"})
    assert facts_of(entry, entry.variants[0]).family == "llama"
