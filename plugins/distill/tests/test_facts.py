"""What is foretold of a student, and what is refused before anything is downloaded."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hub_distill.facts import predict
from hub_distill.plugin import OPTIONS
from hub_distill.shapes import evenly, made_smaller

from hub.testing import resolve_options
from hub.types import Facts, WeightFile

CONFIG = {
    "model_type": "bert",
    "num_hidden_layers": 6,
    "hidden_size": 384,
    "intermediate_size": 1536,
    "vocab_size": 30522,
    "max_position_embeddings": 512,
}
FILES = tuple(
    WeightFile(path=path, size=size, sha256="0" * 64, sources=())
    for path, size in (("model.safetensors", 90868376), ("config.json", 612))
)
FACTS = Facts(
    task="feature-extraction",
    family="bert",
    format="safetensors",
    files=FILES,
    parts={"": ("model.safetensors",)},
    size=90868988,
    config=CONFIG,
)


def foretold(facts: Facts = FACTS, **given):
    return predict(facts, resolve_options(OPTIONS, given, "step 'distill'"))


def test_a_student_that_was_made_before_stays_as_it_is() -> None:
    assert foretold() == FACTS


def test_fewer_layers_have_another_config_and_size() -> None:
    found = foretold(keep_layers=3)
    assert found.config["num_hidden_layers"] == 3
    assert found.parts == {"": ("model.safetensors",)}
    assert [(file.path, file.sha256) for file in found.files] == [
        ("config.json", "0" * 64),
        ("model.safetensors", None),
    ]
    real = 69565312
    assert abs(found.files[1].size - real) < 0.02 * real
    assert found.size == sum(file.size for file in found.files)


def test_narrower_blocks_have_another_config_and_size() -> None:
    found = foretold(keep_ffn=0.5)
    assert found.config["intermediate_size"] == 768
    assert found.config["num_hidden_layers"] == 6
    assert 0.8 < found.size / FACTS.size < 0.95


@pytest.mark.parametrize(
    ("change", "given", "reason"),
    [
        ({"task": "image-classification"}, {}, "models of texts .*, not for image-classification"),
        ({"parts": {"a": (), "b": ()}}, {}, "one part, and this one has 'a', 'b'"),
        ({"config": {**CONFIG, "quantization_config": {"bits": 4}}}, {}, "quantized"),
        ({}, {"keep_layers": 7}, "it has 6 layers, and a student cannot have 7"),
        ({"config": {"model_type": "bert"}}, {"keep_layers": 2}, "does not say how many layers"),
        ({"config": {"num_hidden_layers": 6}}, {"keep_ffn": 0.5}, "does not say how wide"),
        ({}, {"steps": 3, "epochs": 2}, "steps and epochs both"),
        ({}, {"student": "/nowhere"}, "student /nowhere has no config.json"),
    ],
)
def test_what_cannot_be_distilled_is_refused_with_the_reason(change, given, reason) -> None:
    found = foretold(replace(FACTS, **change), **given)
    assert isinstance(found, str)
    pytest.importorskip("re").search(reason, found) or pytest.fail(found)


def test_a_students_own_config_is_foretold(tmp_path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "distilbert", "n_layers": 2}))
    assert "no safetensors weights" in foretold(student=str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"x" * 1000)
    found = foretold(student=str(tmp_path))
    assert (found.family, found.config["n_layers"], found.size) == ("distilbert", 2, 1612)


def test_layers_are_taken_evenly_with_the_first_and_the_last() -> None:
    assert evenly(3, 6) == (0, 2, 5)
    assert evenly(6, 12) == (0, 2, 4, 6, 8, 11)
    assert evenly(1, 6) == (5,)
    assert evenly(4, 4) == (0, 1, 2, 3)


def test_lists_with_an_entry_a_layer_keep_those_that_stay() -> None:
    config = {**CONFIG, "layer_types": list("abcdef"), "label": ["x"]}
    changed = made_smaller(config, (0, 2, 5), None)
    assert (changed["layer_types"], changed["label"], changed["num_hidden_layers"]) == (["a", "c", "f"], ["x"], 3)
