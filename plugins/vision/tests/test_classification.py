"""Classifiers of several families answer as transformers does, over torch and over their export."""

import numpy as np
import pytest

import hub
from hub.errors import InputError
from plugins.vision.tests.conftest import LABELS, TINY, noise, write_tiny

PICTURES = [noise(60, 90, 1), noise(90, 60, 2), noise(64, 64, 3), noise(40, 200, 4)]


@pytest.fixture(scope="module", params=sorted(TINY))
def family(request, tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp(request.param) / request.param, request.param)


def theirs(folder, pictures):
    """Scores of each label, as transformers' own pipeline makes them."""
    import torch
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    model = AutoModelForImageClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        logits = [model(**processor(picture, return_tensors="pt")).logits[0] for picture in pictures]
    return [dict(zip(LABELS, each.softmax(dim=0).tolist(), strict=True)) for each in logits]


def scores(answer):
    return {row["label"]: row["score"] for row in answer}


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert scores(one).keys() == other.keys()
        for label, score in scores(one).items():
            assert score == pytest.approx(other[label], abs=2e-5)


def test_scores_are_those_of_transformers(family):
    with hub.load(str(family), backend="torch", threads=2) as model:
        found = model.infer(PICTURES, top_k=0)
    same(found, theirs(family, PICTURES))
    assert all(answer == sorted(answer, key=lambda row: -row["score"]) for answer in found)


@pytest.mark.parametrize("family", ["convnext"], indirect=True)
def test_the_export_to_onnx_answers_the_same(family):
    with hub.load(str(family), backend="onnx", compress="onnx", threads=2) as model:
        found = model.infer(PICTURES, top_k=0)
    same(found, theirs(family, PICTURES))


def test_options_are_obeyed(family):
    with hub.load(str(family), backend="torch", threads=2) as model:
        whole = model.infer(PICTURES, top_k=0)
        assert [len(answer) for answer in model.infer(PICTURES, top_k=2)] == [2] * 4
        each = model.infer(PICTURES, top_k=0, batch_size=1)
        same(each, [scores(answer) for answer in whole])
        logits = model.infer(PICTURES[0], top_k=0, function_to_apply="none")
        chances = model.infer(PICTURES[0], top_k=0, function_to_apply="sigmoid")
    exact = np.array([row["score"] for row in logits])
    np.testing.assert_allclose([row["score"] for row in chances], 1 / (1 + np.exp(-exact)), rtol=1e-5)


def test_what_is_no_picture_is_refused(family):
    with hub.load(str(family), backend="torch", threads=2) as model, pytest.raises(InputError, match="no picture"):
        model.infer(b"GIF99a, or so it says")
