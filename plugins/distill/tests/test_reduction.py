"""Students that are made of their teacher: whose layers they have, and which channels."""

from __future__ import annotations

import pytest
import torch
from hub_distill.kinds import KINDS
from hub_distill.loading import open_model, write_model
from hub_distill.reduction import layer_list, reduced
from torch import nn

from hub.errors import InferenceError
from plugins.distill.tests.conftest import write_tiny

BATCH = {"input_ids": torch.tensor([[2, 7, 9, 30, 3]]), "attention_mask": torch.ones(1, 5, dtype=torch.long)}


@pytest.mark.parametrize("what", ["feature-extraction", "distilbert", "text-generation", "text-classification"])
def test_a_student_computes_with_the_layers_that_stay(tmp_path, what) -> None:
    kind = KINDS.get(what, KINDS["feature-extraction"])
    source = open_model(write_tiny(tmp_path, what), kind, "teacher")
    student = reduced(source, kind, layers=2, width=None)
    layers = layer_list(source.model, 4)[1]
    for gone in (2, 1):
        del layers[gone]
    if what == "text-generation":
        layers[1].self_attn.layer_idx = 1
    source.model.config.num_hidden_layers = 2
    with torch.no_grad():
        ours, theirs = (model(**BATCH)[0] for model in (student.model, source.model))
    torch.testing.assert_close(ours, theirs)
    assert len(layer_list(student.model, 2)[1]) == 2


@pytest.mark.parametrize("what", ["feature-extraction", "distilbert", "text-generation"])
def test_channels_that_do_nothing_are_the_ones_that_go(tmp_path, what) -> None:
    kind = KINDS.get(what, KINDS["feature-extraction"])
    source = open_model(write_tiny(tmp_path, what), kind, "teacher")
    idle = torch.arange(0, 64, 2)
    with torch.no_grad():
        for module in source.model.modules():
            if isinstance(module, nn.Linear) and module.in_features == 64:
                module.weight[:, idle] *= 1e-6
        student = reduced(source, kind, layers=None, width=0.5)
        before, after = (model(**BATCH)[0] for model in (source.model, student.model))
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)
    inner = "hidden_dim" if what == "distilbert" else "intermediate_size"
    assert student.config[inner] == 32
    assert sum(p.numel() for p in student.model.parameters()) < sum(p.numel() for p in source.model.parameters())


def test_what_is_written_opens_again_and_says_the_same(tmp_path) -> None:
    kind = KINDS["text-generation"]
    source = open_model(write_tiny(tmp_path / "t", "text-generation"), kind, "teacher")
    student = reduced(source, kind, layers=3, width=0.5)
    (tmp_path / "out").mkdir()
    write_model(student, tmp_path / "out", source.config)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["config.json", "model.safetensors"]
    again = open_model(tmp_path / "out", kind, "student")
    with torch.no_grad():
        torch.testing.assert_close(again.model(**BATCH)[0], student.model(**BATCH)[0])


def test_weights_keep_the_dtype_that_they_came_in(tmp_path) -> None:
    kind = KINDS["feature-extraction"]
    folder = write_tiny(tmp_path / "t", "feature-extraction")
    half = open_model(folder, kind, "teacher").model.to(torch.bfloat16)
    half.save_pretrained(folder)
    opened = open_model(folder, kind, "teacher")
    assert opened.stored == torch.bfloat16
    assert opened.model.dtype == torch.float32
    (tmp_path / "out").mkdir()
    write_model(opened, tmp_path / "out", opened.config)
    assert open_model_dtype(tmp_path / "out") == "BF16"


def open_model_dtype(folder) -> str:
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", framework="pt") as tensors:
        return tensors.get_slice("embeddings.word_embeddings.weight").get_dtype()


def test_a_model_without_one_list_of_layers_is_refused() -> None:
    with pytest.raises(InferenceError, match="does not keep its 3 layers in one list"):
        layer_list(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), 3)


def test_damaged_or_foreign_weights_are_named(tmp_path) -> None:
    folder = write_tiny(tmp_path / "t", "feature-extraction")
    with pytest.raises(InferenceError, match=r"the teacher in .* lacks classifier.bias and 1 more"):
        open_model(folder, KINDS["text-classification"], "teacher")
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(InferenceError, match="the student in"):
        open_model(folder, KINDS["feature-extraction"], "student")
